/* See plots.h. Up to three panels above each other share the horizontal axis: bits as bars in the
 * colours of the picture types, mean QP and PSNR as lines. */
#include "plots.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 960, PANEL = 150, GAP = 34, LEFT = 70, RIGHT = 16, TOP = 56 };

typedef struct Panel {
    const char *title;
    double (*value)(const PlotPoint *point);
    int is_bars;
} Panel;

static double kilobits(const PlotPoint *p)
{
    return (double)p->stat.bytes * 8 / 1000;
}

static double mean_qp(const PlotPoint *p)
{
    return p->stat.qp;
}

static double psnr(const PlotPoint *p)
{
    return p->psnr > 60 ? 60 : p->psnr; /* black pictures would flatten the curve */
}

typedef struct Plot {
    FILE *file;
    const PlotPoint *points;
    int64_t count;
    double low, high, step; /* of the panel at work; step: between its lines */
    int top;
} Plot;

static double x_of(const Plot *p, double i)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (i + 0.5) / (double)p->count;
}

static double y_of(const Plot *p, double v)
{
    return p->top + PANEL * (1 - (v - p->low) / (p->high - p->low));
}

/* 1, 2 or 5 times a power of ten that divides the range into at most five. */
static double round_step(double range)
{
    static const double steps[] = {2, 2.5, 2}; /* from 1 to 2 to 5 to 10 */
    double step = 0.1;
    for (int i = 0; range / step > 5; i++)
        step *= steps[i % 3];
    return step;
}

/* The panel reaches from a round number to a round number. */
static void find_range(Plot *p, const Panel *panel)
{
    p->low = p->high = panel->value(&p->points[0]);
    for (int64_t i = 1; i < p->count; i++) {
        double v = panel->value(&p->points[i]);
        p->low = v < p->low ? v : p->low;
        p->high = v > p->high ? v : p->high;
    }
    if (panel->is_bars)
        p->low = 0;
    p->step = round_step(p->high - p->low);
    p->low = floor(p->low / p->step) * p->step;
    p->high = p->high > p->low ? ceil(p->high / p->step) * p->step : p->low + p->step;
}

static void draw_axes(const Plot *p, const Panel *panel)
{
    fprintf(p->file, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>\n", LEFT, p->top - 7,
            panel->title);
    int lines = (int)((p->high - p->low) / p->step + 0.5);
    for (int i = 0; i <= lines; i++) {
        double v = p->low + p->step * i, y = y_of(p, v);
        fprintf(p->file,
                "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.*f</text>\n",
                LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, p->step < 1 ? 1 : 0, v);
    }
}

static void draw_bars(const Plot *p, const Panel *panel)
{
    double width = (double)(WIDTH - LEFT - RIGHT) / (double)p->count;
    for (int64_t i = 0; i < p->count; i++) {
        Colour c = overlay_frame_colour(p->points[i].stat.type);
        double y = y_of(p, panel->value(&p->points[i]));
        fprintf(p->file,
                "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" "
                "fill=\"#%02x%02x%02x\"><title>%lld: %s, %.1f kbit, QP %.1f</title></rect>\n",
                x_of(p, (double)i) - width / 2, y, width * (width > 3 ? 0.85 : 1),
                p->top + PANEL - y, c.r, c.g, c.b, (long long)i,
                overlay_frame_type(p->points[i].stat.type), panel->value(&p->points[i]),
                p->points[i].stat.qp);
    }
}

static void draw_line(const Plot *p, const Panel *panel)
{
    fputs("<polyline fill=\"none\" stroke=\"#335\" stroke-width=\"1.2\" points=\"", p->file);
    for (int64_t i = 0; i < p->count; i++)
        fprintf(p->file, "%.2f,%.2f ", x_of(p, (double)i), y_of(p, panel->value(&p->points[i])));
    fputs("\"/>\n", p->file);
    for (int64_t i = 0; i < p->count && p->count <= 400; i++) {
        Colour c = overlay_frame_colour(p->points[i].stat.type);
        fprintf(p->file, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"2.4\" fill=\"#%02x%02x%02x\"/>\n",
                x_of(p, (double)i), y_of(p, panel->value(&p->points[i])), c.r, c.g, c.b);
    }
}

static void draw_legend(const Plot *p)
{
    for (int type = AVOCET_TYPE_IDR; type <= AVOCET_TYPE_B; type++) {
        Colour c = overlay_frame_colour((AvocetFrameType)type);
        int x = WIDTH - RIGHT - 60 * (AVOCET_TYPE_B - type + 1);
        fprintf(p->file,
                "<rect x=\"%d\" y=\"12\" width=\"12\" height=\"12\" fill=\"#%02x%02x%02x\"/>"
                "<text x=\"%d\" y=\"23\">%s</text>\n",
                x, c.r, c.g, c.b, x + 17, overlay_frame_type((AvocetFrameType)type));
    }
}

static void draw_numbers(const Plot *p)
{
    double wanted = round_step((double)p->count / 2); /* at most ten numbers */
    int64_t step = wanted < 1 ? 1 : (int64_t)wanted;
    for (int64_t i = 0; i < p->count; i += step)
        fprintf(p->file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%lld</text>\n",
                x_of(p, (double)i), p->top + PANEL + 15, (long long)i);
}

/* A file name may hold anything; SVG may not. */
static void put_escaped(FILE *file, const char *text)
{
    for (; *text; text++)
        if (*text == '<' || *text == '>' || *text == '&')
            fprintf(file, "&#%d;", *text);
        else if ((unsigned char)*text >= 32)
            fputc(*text, file);
}

static void draw(Plot *p, const char *title, const Panel *panels, int panel_count)
{
    fprintf(p->file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"12\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n<text x=\"%d\" y=\"23\" "
            "font-size=\"15\">",
            WIDTH, TOP + panel_count * (PANEL + GAP), LEFT);
    put_escaped(p->file, title);
    fputs("</text>\n", p->file);
    draw_legend(p);
    for (int i = 0; i < panel_count; i++) {
        p->top = TOP + i * (PANEL + GAP);
        find_range(p, &panels[i]);
        draw_axes(p, &panels[i]);
        (panels[i].is_bars ? draw_bars : draw_line)(p, &panels[i]);
    }
    draw_numbers(p);
    fputs("</svg>\n", p->file);
}

int plots_write(const char *path, const char *title, const PlotPoint *points, int64_t count,
                Fault *fault)
{
    static const Panel panels[] = {
        {"kbit per picture", kilobits, 1}, {"mean QP", mean_qp, 0}, {"luma PSNR, dB", psnr, 0}};
    Plot plot = {.points = points, .count = count};
    int has_psnr = count > 0 && points[0].psnr >= 0;
    if (count == 0)
        return fault_set(fault, "%s: no pictures to plot", path);
    plot.file = fopen(path, "w");
    if (!plot.file)
        return fault_set(fault, "cannot create %s: %s", path, strerror(errno));
    draw(&plot, title, panels, has_psnr ? 3 : 2);
    int failed = ferror(plot.file);
    if (fclose(plot.file) != 0 || failed)
        return fault_set(fault, "cannot write %s: %s", path, strerror(errno));
    return 0;
}
