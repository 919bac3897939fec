#include <zlib.h>

/// `inflateInit2` is a macro. 47 is the largest window, for gzip and zlib alike.
static inline int czlib_inflate_init(z_stream *stream) { return inflateInit2(stream, 47); }
