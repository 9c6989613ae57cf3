/* See rtsp_message.h. */
#include "stream/rtsp_message.h"

enum { MAX_BODY = 65536 };

/* ---- lines ---- */

/* The line at *at without its end (CR LF or LF), *at behind it. 1, 0: the end of the line is not
 * there yet, negative: a byte that no line may have. */
static int take_line(const uint8_t *data, size_t size, size_t *at, AvoSpan *line)
{
    size_t i = *at;
    for (; i < size && data[i] != '\n'; i++)
        if (data[i] < 32 && data[i] != '\r' && data[i] != '\t')
            return AVOCET_ERR_DATA;
    if (i == size)
        return 0;
    line->text = (const char *)data + *at;
    line->size = i - *at;
    *at = i + 1;
    if (line->size && line->text[line->size - 1] == '\r')
        line->size--;
    for (size_t k = 0; k < line->size; k++)
        if (line->text[k] == '\r')
            return AVOCET_ERR_DATA;
    return 1;
}

static bool is_token(AvoSpan s)
{
    for (size_t i = 0; i < s.size; i++) {
        char c = s.text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.'))
            return false;
    }
    return s.size > 0;
}

/* Request line: method, URL, version; status line: version, number, reason. */
static int parse_start_line(AvoSpan line, AvoRtspMessage *m)
{
    AvoSpan first = avo_span_take(&line, ' '), second = avo_span_take(&line, ' ');
    if (first.size > 5 && memcmp(first.text, "RTSP/", 5) == 0) {
        m->version = first;
        m->status = (int)avo_span_number(second, 999);
        return m->status >= 100 ? 1 : AVOCET_ERR_DATA;
    }
    m->method = first;
    m->url = second;
    m->version = avo_span_trim(line);
    if (!is_token(first) || !second.size || m->version.size < 6 ||
        memcmp(m->version.text, "RTSP/", 5) != 0)
        return AVOCET_ERR_DATA;
    for (size_t i = 0; i < second.size; i++)
        if ((unsigned char)second.text[i] <= 32 || (unsigned char)second.text[i] >= 127 ||
            second.text[i] == '"')
            return AVOCET_ERR_DATA;
    return 1;
}

static int parse_header_line(AvoSpan line, AvoRtspMessage *m)
{
    AvoSpan name = avo_span_take(&line, ':');
    if (!is_token(name) || name.text[name.size] != ':' || m->header_count == AVO_RTSP_MAX_HEADERS)
        return AVOCET_ERR_DATA;
    m->header[m->header_count].name = name;
    m->header[m->header_count].value = avo_span_trim(line);
    m->header_count++;
    return 1;
}

/* The body is of no use here, but where it ends the next message begins. */
static int skip_body(size_t size, size_t at, AvoRtspMessage *m)
{
    int from = 0;
    AvoSpan length = avo_rtsp_header(m, "Content-Length", &from);
    int64_t n = length.size ? avo_span_number(length, MAX_BODY) : 0;
    if (n < 0 || (from < m->header_count && avo_rtsp_header(m, "Content-Length", &from).size))
        return AVOCET_ERR_DATA;
    if ((size_t)n > size - at)
        return 0;
    m->size = at + (size_t)n;
    return 1;
}

int avo_rtsp_parse(const uint8_t *data, size_t size, AvoRtspMessage *m)
{
    AvoSpan line = {NULL, 0};
    size_t at = 0;
    memset(m, 0, sizeof *m);
    do {
        int status = take_line(data, size, &at, &line);
        if (status != 1)
            return status;
    } while (!line.size);
    int status = parse_start_line(line, m);
    if (status < 0)
        return status;
    for (;;) {
        status = take_line(data, size, &at, &line);
        if (status != 1)
            return status;
        if (!line.size)
            return skip_body(size, at, m);
        status = parse_header_line(line, m);
        if (status < 0)
            return status;
    }
}

/* ---- what messages say ---- */

AvoSpan avo_rtsp_header(const AvoRtspMessage *m, const char *name, int *from)
{
    int i = from ? *from : 0;
    for (; i < m->header_count; i++)
        if (avo_span_is_word(m->header[i].name, name)) {
            if (from)
                *from = i + 1;
            return m->header[i].value;
        }
    if (from)
        *from = i;
    return (AvoSpan){"", 0};
}

int64_t avo_rtsp_header_number(const AvoRtspMessage *m, const char *name, int64_t most)
{
    return avo_span_number(avo_rtsp_header(m, name, NULL), most);
}

/* Like avo_span_take, but a separator within quotation marks is none. */
static AvoSpan take_unquoted(AvoSpan *list, char separator)
{
    size_t n = 0;
    bool quoted = false;
    for (; n < list->size && (quoted || list->text[n] != separator); n++)
        if (list->text[n] == '"')
            quoted = !quoted;
    AvoSpan item = {list->text, n};
    size_t skip = n < list->size ? n + 1 : n;
    list->text += skip;
    list->size -= skip;
    return avo_span_trim(item);
}

bool avo_rtsp_next_parameter(AvoSpan *list, char separator, AvoSpan *name, AvoSpan *value)
{
    while (list->size) {
        *value = take_unquoted(list, separator);
        *name = avo_span_take(value, '=');
        *value = avo_span_trim(*value);
        if (value->size >= 2 && value->text[0] == '"' && value->text[value->size - 1] == '"') {
            value->text++;
            value->size -= 2;
        }
        if (name->size)
            return true;
    }
    return false;
}

/* host, host:port, [address], [address]:port */
static bool split_authority(AvoSpan text, AvoRtspUrl *url)
{
    AvoSpan port = text;
    url->port = 554;
    if (text.size && text.text[0] == '[') {
        url->host = avo_span_take(&port, ']');
        url->host.text++;
        url->host.size--;
        if (port.size && (port.text[0] != ':' || port.size == 1))
            return false;
        if (port.size)
            port.text++, port.size--;
    } else {
        url->host = avo_span_take(&port, ':');
    }
    if (port.size)
        url->port = (int)avo_span_number(port, 65535);
    return url->host.size && url->port > 0;
}

bool avo_rtsp_url(AvoSpan text, AvoRtspUrl *url)
{
    memset(url, 0, sizeof *url);
    if (text.size < 8 || !avo_text_is_word(text.text, 7, "rtsp://"))
        return false;
    AvoSpan rest = {text.text + 7, text.size - 7};
    AvoSpan authority = avo_span_take(&rest, '/');
    size_t at = authority.size;
    while (at > 0 && authority.text[at - 1] != '@')
        at--;
    if (at > 0) {
        AvoSpan user = {authority.text, at - 1};
        url->user = avo_span_take(&user, ':');
        url->password = user;
        authority.text += at;
        authority.size -= at;
    }
    url->path = avo_span_take(&rest, '?');
    while (url->path.size && url->path.text[url->path.size - 1] == '/')
        url->path.size--;
    return split_authority(authority, url);
}
