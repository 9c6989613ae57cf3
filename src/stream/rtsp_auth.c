/* See rtsp_auth.h. A digest is H(H(user:realm:password) : nonce [: nc : cnonce : qop] :
 * H(method:url)), in hexadecimal. */
#include "stream/rtsp_auth.h"

enum { LONGEST = 1024, HASH_TEXT = 65 };

typedef struct Digest {
    AvoSpan user, realm, password, nonce, nc, cnonce, qop, method, url;
    AvocetHashKind kind;
} Digest;

static size_t hash_size(AvocetHashKind kind)
{
    return kind == AVOCET_HASH_MD5 ? 16 : 32;
}

/* Hash of parts with colons between them, as text. False: too long, or the hash failed. */
static bool hash_parts(AvoHasher h, AvocetHashKind kind, const AvoSpan *part, int count,
                       char text[HASH_TEXT])
{
    char joined[LONGEST];
    uint8_t hash[32];
    AvoTextOut out = avo_text_out(joined, sizeof joined), hex = avo_text_out(text, HASH_TEXT);
    for (int i = 0; i < count; i++) {
        if (i)
            avo_put_text(&out, ":");
        avo_put_span(&out, part[i]);
    }
    if (out.overflow || !h.fn || h.fn(h.opaque, kind, (const uint8_t *)joined, out.used, hash) < 0)
        return false;
    avo_put_hex(&hex, hash, hash_size(kind));
    return true;
}

static bool digest(AvoHasher h, const Digest *d, char text[HASH_TEXT])
{
    char a1[HASH_TEXT], a2[HASH_TEXT];
    const AvoSpan first[3] = {d->user, d->realm, d->password}, second[2] = {d->method, d->url};
    if (!hash_parts(h, d->kind, first, 3, a1) || !hash_parts(h, d->kind, second, 2, a2))
        return false;
    if (d->qop.size) {
        const AvoSpan all[6] = {avo_span(a1), d->nonce, d->nc, d->cnonce, d->qop, avo_span(a2)};
        return hash_parts(h, d->kind, all, 6, text);
    }
    const AvoSpan all[3] = {avo_span(a1), d->nonce, avo_span(a2)};
    return hash_parts(h, d->kind, all, 3, text);
}

/* Takes as long whatever differs. */
static bool equal_in_constant_time(const char *a, AvoSpan b, size_t n)
{
    unsigned differ = b.size != n;
    for (size_t i = 0; i < n; i++) {
        char c = i < b.size ? b.text[i] : 0;
        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        differ |= (unsigned)(unsigned char)a[i] ^ (unsigned char)c;
    }
    return differ == 0;
}

/* ---- server ---- */

typedef struct Answer {
    Digest d;
    AvoSpan response;
    bool known_algorithm;
} Answer;

/* After "Digest". */
static Answer read_answer(AvoSpan list)
{
    Answer a;
    AvoSpan name, value;
    memset(&a, 0, sizeof a);
    a.known_algorithm = true;
    a.d.kind = AVOCET_HASH_MD5; /* where nothing is said */
    while (avo_rtsp_next_parameter(&list, ',', &name, &value)) {
        if (avo_span_is_word(name, "username"))
            a.d.user = value;
        else if (avo_span_is_word(name, "realm"))
            a.d.realm = value;
        else if (avo_span_is_word(name, "nonce"))
            a.d.nonce = value;
        else if (avo_span_is_word(name, "uri"))
            a.d.url = value;
        else if (avo_span_is_word(name, "nc"))
            a.d.nc = value;
        else if (avo_span_is_word(name, "cnonce"))
            a.d.cnonce = value;
        else if (avo_span_is_word(name, "qop"))
            a.d.qop = value;
        else if (avo_span_is_word(name, "response"))
            a.response = value;
        else if (avo_span_is_word(name, "algorithm")) {
            a.d.kind = avo_span_is_word(value, "SHA-256") ? AVOCET_HASH_SHA256 : AVOCET_HASH_MD5;
            a.known_algorithm =
                avo_span_is_word(value, "SHA-256") || avo_span_is_word(value, "MD5");
        }
    }
    return a;
}

/* The uri of the answer must lead where the request leads. Clients differ in what they put there
 * (the request's URL, that of the presentation, with or without a slash at the end), so the paths
 * are compared, one a prefix of the other. */
static bool same_place(AvoSpan uri, AvoSpan request_url)
{
    AvoRtspUrl a, b;
    if (uri.size == request_url.size && memcmp(uri.text, request_url.text, uri.size) == 0)
        return true;
    if (!avo_rtsp_url(uri, &a) || !avo_rtsp_url(request_url, &b))
        return false;
    size_t n = a.path.size < b.path.size ? a.path.size : b.path.size;
    return memcmp(a.path.text, b.path.text, n) == 0;
}

static bool hex_count(AvoSpan text, uint32_t *count)
{
    *count = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.text[i];
        int v = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (v < 0)
            return false;
        *count = *count << 4 | (uint32_t)v;
    }
    return text.size == 8;
}

/* Every user is tried, so that the time does not tell which names exist. */
static bool is_known(const AvoAuthRules *rules, const Answer *answer)
{
    bool found = false;
    for (int i = 0; i < rules->count; i++) {
        char text[HASH_TEXT];
        Digest d = answer->d;
        d.realm = avo_span(rules->realm);
        d.password = avo_span(rules->users[i].password);
        bool named = avo_span_is(answer->d.user, rules->users[i].name);
        bool right = digest(rules->hasher, &d, text) &&
                     equal_in_constant_time(text, answer->response, 2 * hash_size(d.kind));
        found |= named & right;
    }
    return found;
}

AvoAuthResult avo_auth_check(const AvoAuthRules *rules, const AvoRtspMessage *request,
                             const char *nonce, uint32_t *last_count)
{
    AvoSpan value = avo_rtsp_header(request, "Authorization", NULL), list = value,
            scheme = avo_span_take(&list, ' ');
    uint32_t count = 0;
    if (rules->count == 0)
        return AVO_AUTH_YES;
    if (!avo_span_is_word(scheme, "Digest"))
        return AVO_AUTH_NO;
    Answer a = read_answer(list);
    a.d.method = request->method;
    bool fits = a.known_algorithm && (a.d.kind == AVOCET_HASH_SHA256 || rules->md5) &&
                (!a.d.qop.size || (avo_span_is(a.d.qop, "auth") && hex_count(a.d.nc, &count))) &&
                same_place(a.d.url, request->url);
    if (!fits || !is_known(rules, &a))
        return AVO_AUTH_NO;
    if (!nonce[0] || !equal_in_constant_time(nonce, a.d.nonce, avo_text_length(nonce)) ||
        (a.d.qop.size && count <= *last_count))
        return AVO_AUTH_STALE;
    if (a.d.qop.size)
        *last_count = count;
    return AVO_AUTH_YES;
}

static void put_challenge(AvoTextOut *out, const AvoAuthRules *rules, const char *nonce, bool stale,
                          const char *more)
{
    avo_put_text(out, "WWW-Authenticate: Digest realm=\"");
    avo_put_text(out, rules->realm);
    avo_put_text(out, "\", nonce=\"");
    avo_put_text(out, nonce);
    avo_put_text(out, "\"");
    avo_put_text(out, more);
    if (stale)
        avo_put_text(out, ", stale=true");
    avo_put_text(out, "\r\n");
}

/* The stronger one first, as RFC 7616 (3.7) wants it. MD5 comes without qop: so the oldest clients
 * understand it. */
void avo_auth_put_challenge(AvoTextOut *out, const AvoAuthRules *rules, const char *nonce,
                            bool stale)
{
    put_challenge(out, rules, nonce, stale, ", algorithm=SHA-256, qop=\"auth\"");
    if (rules->md5)
        put_challenge(out, rules, nonce, stale, "");
}

/* ---- client ---- */

static void copy_span(char *to, size_t size, AvoSpan from)
{
    AvoTextOut out = avo_text_out(to, size);
    avo_put_span(&out, from);
}

static bool read_digest(AvoAuthChallenge *c, AvoSpan list)
{
    AvoSpan name, value;
    bool usable = true;
    memset(c, 0, sizeof *c);
    c->digest = true;
    while (avo_rtsp_next_parameter(&list, ',', &name, &value)) {
        if (avo_span_is_word(name, "realm"))
            copy_span(c->realm, sizeof c->realm, value);
        else if (avo_span_is_word(name, "nonce"))
            copy_span(c->nonce, sizeof c->nonce, value);
        else if (avo_span_is_word(name, "opaque"))
            copy_span(c->opaque, sizeof c->opaque, value);
        else if (avo_span_is_word(name, "algorithm")) {
            c->sha256 = avo_span_is_word(value, "SHA-256");
            usable = c->sha256 || avo_span_is_word(value, "MD5");
        } else if (avo_span_is_word(name, "qop")) {
            while (value.size)
                c->qop |= avo_span_is_word(avo_span_take(&value, ','), "auth");
            usable &= c->qop;
        }
    }
    c->known = usable && c->nonce[0];
    return c->known;
}

bool avo_auth_read_challenge(AvoAuthChallenge *challenge, const AvoRtspMessage *response)
{
    AvoAuthChallenge c;
    challenge->known = false;
    for (int from = 0; from < response->header_count;) {
        AvoSpan list = avo_rtsp_header(response, "WWW-Authenticate", &from),
                scheme = avo_span_take(&list, ' ');
        if (avo_span_is_word(scheme, "Digest") && read_digest(&c, list) &&
            (!challenge->known || !challenge->digest || (c.sha256 && !challenge->sha256)))
            *challenge = c;
        if (avo_span_is_word(scheme, "Basic") && !challenge->known) {
            memset(challenge, 0, sizeof *challenge);
            challenge->known = true;
        }
    }
    return challenge->known;
}

static void put_quoted(AvoTextOut *out, const char *name, const char *value)
{
    avo_put_text(out, name);
    avo_put_text(out, "=\"");
    avo_put_text(out, value);
    avo_put_text(out, "\"");
}

static bool put_basic(AvoTextOut *out, const char *user, const char *password)
{
    char plain[256], text[360];
    AvoTextOut joined = avo_text_out(plain, sizeof plain), coded = avo_text_out(text, sizeof text);
    avo_put_text(&joined, user);
    avo_put_text(&joined, ":");
    avo_put_text(&joined, password);
    avo_put_base64(&coded, (const uint8_t *)plain, joined.used);
    avo_put_text(out, "Authorization: Basic ");
    avo_put_text(out, text);
    avo_put_text(out, "\r\n");
    return !joined.overflow && !coded.overflow;
}

bool avo_auth_put_answer(AvoTextOut *out, AvoAuthChallenge *c, AvoHasher hasher, const char *user,
                         const char *password, const char *method, const char *url,
                         const char *cnonce)
{
    char response[HASH_TEXT], nc[9];
    if (!c->digest)
        return put_basic(out, user, password);
    AvoTextOut counter = avo_text_out(nc, sizeof nc);
    c->count++;
    avo_put_hex(&counter,
                (const uint8_t[4]){(uint8_t)(c->count >> 24), (uint8_t)(c->count >> 16),
                                   (uint8_t)(c->count >> 8), (uint8_t)c->count},
                4);
    const Digest d = {.user = avo_span(user),
                      .realm = avo_span(c->realm),
                      .password = avo_span(password),
                      .nonce = avo_span(c->nonce),
                      .nc = avo_span(nc),
                      .cnonce = avo_span(cnonce),
                      .qop = avo_span(c->qop ? "auth" : ""),
                      .method = avo_span(method),
                      .url = avo_span(url),
                      .kind = c->sha256 ? AVOCET_HASH_SHA256 : AVOCET_HASH_MD5};
    if (!digest(hasher, &d, response))
        return false;
    put_quoted(out, "Authorization: Digest username", user);
    put_quoted(out, ", realm", c->realm);
    put_quoted(out, ", nonce", c->nonce);
    put_quoted(out, ", uri", url);
    put_quoted(out, ", response", response);
    if (c->sha256)
        avo_put_text(out, ", algorithm=SHA-256");
    if (c->opaque[0])
        put_quoted(out, ", opaque", c->opaque);
    if (c->qop) {
        avo_put_text(out, ", qop=auth, nc=");
        avo_put_text(out, nc);
        put_quoted(out, ", cnonce", cnonce);
    }
    avo_put_text(out, "\r\n");
    return true;
}
