#ifndef CCURL_H
#define CCURL_H

#include <curl/curl.h>
#include <stddef.h>

/*
 * libcurl sets options and reads facts through variadic functions, which Swift cannot call. Each function here is one
 * of them with the type of its last argument spelled out.
 */

typedef size_t (*ccurl_data_callback)(char *bytes, size_t size, size_t count, void *context);
typedef int (*ccurl_seek_callback)(void *context, curl_off_t offset, int origin);

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value);
CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value);
CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *value);
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value);

/* CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION, CURLOPT_READFUNCTION and CURLOPT_SEEKFUNCTION with their data. */
CURLcode ccurl_on_write(CURL *easy, ccurl_data_callback callback, void *context);
CURLcode ccurl_on_header(CURL *easy, ccurl_data_callback callback, void *context);
CURLcode ccurl_on_read(CURL *easy, ccurl_data_callback callback, void *context);
CURLcode ccurl_on_seek(CURL *easy, ccurl_seek_callback callback, void *context);

/* Sockets of this handle are closed in child processes: a build started during a download must not hold them open. */
CURLcode ccurl_close_sockets_on_exec(CURL *easy);

/* A blocking getaddrinfo() no longer delays the removal of the handle. Does nothing before libcurl 7.87. */
CURLcode ccurl_set_quick_exit(CURL *easy);

/* Only http and https, whatever a redirect or a configuration says. */
CURLcode ccurl_allow_http_only(CURL *easy);

CURLcode ccurl_info_offset(CURL *easy, CURLINFO info, curl_off_t *value);

/* The socket of a connection that was only made (CURLOPT_CONNECT_ONLY). */
CURLcode ccurl_info_socket(CURL *easy, curl_socket_t *value);

/* CURL_READFUNC_ABORT and CURL_WRITEFUNC_PAUSE as the type that the callbacks return. */
size_t ccurl_read_abort(void);
size_t ccurl_write_pause(void);

#endif
