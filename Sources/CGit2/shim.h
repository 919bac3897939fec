#include <git2.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

/* Swift imports no variadic functions. */

/* Lets libgit2 open repositories that use these extensions. */
static inline int cgit2_allow_extensions(const char **names, size_t count)
{
    return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names, count);
}

/* Whether the name of each object that is read is computed again from its bytes. */
static inline int cgit2_verify_objects(int verify)
{
    return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, verify);
}

/* Names the file of the certificate authorities that https servers are judged by. */
static inline int cgit2_trust_certificates(const char *file)
{
    return git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, NULL);
}
