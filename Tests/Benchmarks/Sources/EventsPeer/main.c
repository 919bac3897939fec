// What any reader of a registry has to do at least, in C and on one thread: walk the tree of a commit with libgit2, read
// every spec's blob, and take libyaml's events of it. It judges nothing and keeps nothing.
//
//     events-peer REPOSITORY [REVISION]

#include <git2.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <yaml.h>

struct totals {
    git_repository *repository;
    long files, bytes, events;
    double reading, parsing;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static int is_spec(const char *folder, const char *name) {
    if (strcmp(name, "registry.yaml") == 0) return 1;
    return strncmp(folder, "registry/", 9) == 0 && ends_with(name, ".yaml");
}

static int parse(struct totals *totals, const unsigned char *text, size_t size) {
    yaml_parser_t parser;
    yaml_event_t event;
    int isDone = 0;
    if (!yaml_parser_initialize(&parser)) return -1;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, text, size);
    while (!isDone) {
        if (!yaml_parser_parse(&parser, &event)) {
            yaml_parser_delete(&parser);
            return -1;
        }
        totals->events++;
        isDone = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return 0;
}

static int visit(const char *folder, const git_tree_entry *entry, void *payload) {
    struct totals *totals = payload;
    git_blob *blob;
    double start = now(), read;
    int status;
    if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB || !is_spec(folder, git_tree_entry_name(entry))) return 0;
    if (git_blob_lookup(&blob, totals->repository, git_tree_entry_id(entry)) < 0) return -1;
    read = now();
    totals->files++;
    totals->bytes += (long)git_blob_rawsize(blob);
    status = parse(totals, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
    git_blob_free(blob);
    totals->reading += read - start;
    totals->parsing += now() - read;
    return status;
}

int main(int count, char **arguments) {
    struct totals totals = {0};
    git_object *tree;
    char revision[256];
    if (count < 2) {
        fprintf(stderr, "usage: events-peer REPOSITORY [REVISION]\n");
        return 64;
    }
    snprintf(revision, sizeof revision, "%s^{tree}", count > 2 ? arguments[2] : "HEAD");
    git_libgit2_init();
    if (git_repository_open_ext(&totals.repository, arguments[1], GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) < 0
        || git_revparse_single(&tree, totals.repository, revision) < 0
        || git_tree_walk((git_tree *)tree, GIT_TREEWALK_PRE, visit, &totals) < 0) {
        const git_error *error = git_error_last();
        fprintf(stderr, "events-peer: %s\n", error ? error->message : "a file is no YAML");
        return 1;
    }
    printf("%ld files, %ld bytes, %ld events; reading %.3f s, parsing %.3f s\n", totals.files, totals.bytes,
        totals.events, totals.reading, totals.parsing);
    return 0;
}
