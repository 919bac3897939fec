#ifndef CNETWORKNAMESPACE_H
#define CNETWORKNAMESPACE_H

/// Makes a TCP socket (IPv4, close-on-exec) inside the network namespace that an open descriptor of
/// `/proc/<pid>/ns/net` stands for. The calling thread stays in its own namespace.
///
/// Returns the socket, or the negated `errno`: `-EPERM` without CAP_SYS_ADMIN, `-ENOSYS` where there are no namespaces.
int cnetns_socket(int namespace_descriptor);

#endif
