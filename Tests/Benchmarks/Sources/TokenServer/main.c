/*
 * A processor's server that is no bottleneck: it streams tokens that were put into frames and events before it was asked.
 * WebSocket (`theory.run.v1`) at /run, an event stream at /run-stream; a thread for each connection.
 *
 *   token-server TOKENS     prints its port on 127.0.0.1, serves until its standard input ends
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* As a model writes: mostly short words, now and then a line end or a character beyond ASCII. */
static const char *const words[] = {
    " the", " of", " a", " model", "ing", ",", " that", " is", " measured", " in", " words", ".", " Caf\xC3\xA9", " and",
    " so", " on", "\\n", " it", " goes", " \xE2\x80\x93", " until", " every", " token", " has", " arrived", " here",
};
enum { word_count = sizeof words / sizeof *words, block_tokens = word_count * 64 };

/* A run of tokens as it is sent, and where each ends. */
typedef struct {
    char *bytes;
    size_t ends[block_tokens + 1];
} block;

static block frames, events;
static long tokens;

/* One unmasked text frame. */
static size_t frame(char *to, const char *text, size_t length) {
    to[0] = (char)0x81;
    if (length < 126) {
        to[1] = (char)length;
        memcpy(to + 2, text, length);
        return length + 2;
    }
    to[1] = 126;
    to[2] = (char)(length >> 8);
    to[3] = (char)length;
    memcpy(to + 4, text, length);
    return length + 4;
}

static void prepare(void) {
    frames.bytes = malloc(block_tokens * 128);
    events.bytes = malloc(block_tokens * 128);
    for (size_t i = 0; i < block_tokens; i++) {
        char text[200];
        int length = snprintf(text, sizeof text, "{\"kind\":\"Token\",\"content\":{\"text\":\"%s\"}}", words[i % word_count]);
        frames.ends[i + 1] = frames.ends[i] + frame(frames.bytes + frames.ends[i], text, (size_t)length);
        events.ends[i + 1] = events.ends[i] + (size_t)sprintf(events.bytes + events.ends[i],
                                                             "event: progress\ndata: {\"text\":\"%s\"}\n\n",
                                                             words[i % word_count]);
    }
}

static bool send_all(int client, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t count = send(client, bytes, length, MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes += count;
        length -= (size_t)count;
    }
    return true;
}

static bool send_text(int client, const char *text) { return send_all(client, text, strlen(text)); }

static uint32_t rotated(uint32_t word, int by) { return word << by | word >> (32 - by); }

/* SHA-1 (RFC 3174) of a message of less than 120 bytes. */
static void sha1(const char *message, uint8_t digest[20]) {
    uint8_t input[128] = {0};
    size_t length = strlen(message), padded = length < 56 ? 64 : 128;
    memcpy(input, message, length);
    input[length] = 0x80;
    input[padded - 2] = (uint8_t)(length * 8 >> 8);
    input[padded - 1] = (uint8_t)(length * 8);
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    for (size_t start = 0; start < padded; start += 64) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++) {
            const uint8_t *at = input + start + 4 * i;
            w[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
        }
        for (int i = 16; i < 80; i++) w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
            uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
            uint32_t next = rotated(a, 5) + f + e + k + w[i];
            e = d, d = c, c = rotated(b, 30), b = a, a = next;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const uint8_t bytes[20], char text[29]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 21; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | (i + 2 < 20 ? bytes[i + 2] : 0);
        for (int j = 0; j < 4; j++) *text++ = letters[three >> (18 - 6 * j) & 63];
    }
    text[-1] = '=';
    *text = 0;
}

/* Reads until there is a whole request; gives where its body starts, 0 when the client has gone. */
static size_t read_head(int client, char *buffer, size_t size, size_t *length) {
    *length = 0;
    while (*length < size - 1) {
        ssize_t count = recv(client, buffer + *length, size - 1 - *length, 0);
        if (count <= 0) return 0;
        *length += (size_t)count;
        buffer[*length] = 0;
        char *end = strstr(buffer, "\r\n\r\n");
        if (end) return (size_t)(end - buffer) + 4;
    }
    return 0;
}

/* Copies what stands in quotes after a name in JSON, or nothing. */
static void find(const char *json, const char *name, char *value, size_t size) {
    const char *at = strstr(json, name);
    *value = 0;
    if (!at || !(at = strchr(at + strlen(name), '"'))) return;
    const char *end = strchr(++at, '"');
    if (end && (size_t)(end - at) < size) {
        memcpy(value, at, (size_t)(end - at));
        value[end - at] = 0;
    }
}

static void serve_frames(int client, const char *head) {
    char key[100] = "", accept[29], text[400], id[200], packed[500];
    const char *line = strcasestr(head, "\r\nSec-WebSocket-Key:");
    if (!line || sscanf(line + 20, " %60[^\r\n ]", key) != 1) return;
    strcat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    uint8_t digest[21] = {0};
    sha1(key, digest);
    base64(digest, accept);
    snprintf(text, sizeof text,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Protocol: theory.run.v1\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    if (!send_text(client, text)) return;

    /* The client's first frame, which is shorter than 64 KiB. */
    static __thread uint8_t opening[70000];
    size_t length = 0, start = 0, payload = 0;
    while (length < 8 || length < start + payload) {
        ssize_t count = recv(client, opening + length, sizeof opening - 1 - length, 0);
        if (count <= 0) return;
        length += (size_t)count;
        bool isLong = (opening[1] & 0x7F) == 126;
        start = isLong ? 8 : 6;
        payload = isLong ? (size_t)opening[2] << 8 | opening[3] : opening[1] & 0x7F;
        if (start + payload >= sizeof opening) return;
    }
    for (size_t i = 0; i < payload; i++) opening[start + i] ^= opening[start - 4 + i % 4];
    opening[start + payload] = 0;
    find((char *)opening + start, "\"execution_id\"", id, sizeof id);

    size_t size = (size_t)snprintf(text, sizeof text, "{\"kind\":\"Ack\",\"content\":{\"execution_id\":\"%s\"}}", id);
    if (!send_all(client, packed, frame(packed, text, size))) return;
    for (long left = tokens; left > 0; left -= block_tokens) {
        if (!send_all(client, frames.bytes, frames.ends[left < block_tokens ? left : block_tokens])) return;
    }
    size = (size_t)snprintf(text, sizeof text,
                            "{\"kind\":\"RunResult\",\"content\":{\"status\":\"error\",\"execution_id\":\"%s\","
                            "\"error\":{\"code\":\"ERR_BENCH\",\"message\":\"done\"}}}", id);
    if (!send_all(client, packed, frame(packed, text, size))) return;
    if (recv(client, opening, sizeof opening, 0) > 0) send_all(client, "\x88\x02\x03\xE8", 4);
}

static bool send_chunk(int client, const char *bytes, size_t length) {
    char head[20];
    return send_all(client, head, (size_t)sprintf(head, "%zx\r\n", length)) && send_all(client, bytes, length)
        && send_text(client, "\r\n");
}

static void serve_events(int client, const char *body) {
    char id[200], text[400];
    find(body, "\"execution_id\"", id, sizeof id);
    if (!send_text(client, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
                           "Connection: close\r\n\r\n")) return;
    for (long left = tokens; left > 0; left -= block_tokens) {
        if (!send_chunk(client, events.bytes, events.ends[left < block_tokens ? left : block_tokens])) return;
    }
    size_t size = (size_t)snprintf(text, sizeof text,
                                   "event: done\ndata: {\"status\":\"error\",\"execution_id\":\"%s\","
                                   "\"error\":{\"code\":\"ERR_BENCH\",\"message\":\"done\"}}\n\n", id);
    if (send_chunk(client, text, size)) send_text(client, "0\r\n\r\n");
    shutdown(client, SHUT_WR);
    char rest[256];
    while (recv(client, rest, sizeof rest, 0) > 0) {}
}

static void *serve(void *context) {
    int client = (int)(intptr_t)context;
    static __thread char request[70000];
    size_t length, body = read_head(client, request, sizeof request, &length);
    if (body && strncmp(request, "GET /run ", 9) == 0) serve_frames(client, request);
    if (body && strncmp(request, "POST /run-stream ", 17) == 0) {
        const char *line = strcasestr(request, "\r\nContent-Length:");
        size_t wanted = body + (line ? strtoul(line + 17, NULL, 10) : 0);
        while (length < wanted && wanted < sizeof request) {
            ssize_t count = recv(client, request + length, wanted - length, 0);
            if (count <= 0) break;
            length += (size_t)count;
        }
        request[length] = 0;
        serve_events(client, request + body);
    }
    close(client);
    return NULL;
}

static void *accept_all(void *context) {
    int listener = (int)(intptr_t)context;
    for (;;) {
        int client = accept(listener, NULL, NULL);
        pthread_t thread;
        if (client < 0) continue;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)client) == 0) pthread_detach(thread);
    }
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 2 || (tokens = atol(arguments[1])) <= 0) {
        fprintf(stderr, "usage: token-server TOKENS\n");
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    prepare();
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 128) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("token-server");
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_t thread;
    pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listener);
    char byte;
    while (read(0, &byte, 1) > 0) {}
    return 0;
}
