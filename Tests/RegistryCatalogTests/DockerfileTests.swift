import DeploymentModel
import RegistryCatalog
import Testing

@Suite(.tags(.small))
struct DockerfileTests {
    private func reach(
        _ text: String, _ platform: Platform = .amd64, args: [String: String] = [:], target: String? = nil
    ) -> DockerfileReach {
        DockerfileReach(of: Dockerfile(Array(text.utf8)), platform: platform, args: args, target: target)
    }

    /// Line and message of everything that is wrong.
    private func findings(_ text: String, target: String? = nil) -> [String] {
        let file = Dockerfile(Array(text.utf8))
        let reach = DockerfileReach(of: file, platform: .amd64, args: [:], target: target)
        return (file.findings + reach.findings).map { "\($0.line): \($0.message)" }
    }

    @Test(arguments: [
        ("COPY a b/c /x/", ["a", "b/c"]), ("COPY [\"a b\", \"/x/\"]", ["a b"]), ("copy ./a//b/../c/ /x", ["a/c"]),
        ("COPY /a /x", ["a"]), ("COPY ../../a /x", ["a"]), ("ADD a.tar https://example.com/b /x/", ["a.tar"]),
        ("COPY --chown=1:1 --chmod=755 a /x", ["a"]),
        ("COPY a \\\n  # why\n\n  b \\\n  /x/\nCOPY c /x", ["a", "b", "c"]),
        ("COPY <<EOF /x\nCOPY hidden /y\nEOF\nCOPY a /x", ["a"]),
        ("RUN <<-\"E N\" cat\n\tCOPY hidden /y\n\tE N\nCOPY a /x", ["a"]),
        ("RUN echo \"<<EOF\"\nCOPY a /x", ["a"]), ("RUN --mount=type=bind,source=a,target=/a ls", ["a"]),
        ("RUN --mount=target=/a,src=a --mount=type=cache,target=/c ls", ["a"]),
        ("COPY a*.txt b/[xy] /x/", ["a*.txt", "b/[xy]"]),
        ("ARG V=1\nCOPY a-$V.txt b-${V}c /x/", ["a-1.txt", "b-1c"]),
        ("ENV V=1 W=\"2 3\"\nCOPY a$V b /x/", ["a1", "b"]),
        ("ENV V some text\nCOPY a /x/", ["a"]), ("ARG TARGETARCH\nCOPY bin/$TARGETARCH/x /x", ["bin/amd64/x"]),
        ("COPY a${V:-1}${W:+2} /x", ["a1"]), ("ARG V\nCOPY a${V-1} /x", ["a1"]),
        ("ARG V=\nCOPY a${V:-1}${V-2} /x", ["a1"]),
        ("ARG V=1\nENV V=2\nCOPY a$V /x", ["a2"]), ("COPY 'a'\"b\"\\c /x", ["abc"]),
        ("WORKDIR /x\nCMD [\"x\"]\nCOPY a .", ["a"]),
        ("COPY --from=elsewhere/image:1 /a /b\nCOPY a /x", ["a"]), ("COPY --parents x/./y/*.txt /x", ["x/y/*.txt"]),
    ])
    func `what an instruction takes from the context`(text: String, expected: [String]) {
        let reach = reach("FROM scratch\n" + text + "\n")
        #expect(reach.unprovable == nil)
        #expect(reach.sources.map(\.path) == expected)
        #expect(findings("FROM scratch\n" + text) == [])
    }

    @Test(arguments: [
        ("FROM scratch\nCOPY . /x", "line 2 takes the whole context"),
        ("FROM scratch\nRUN --mount=target=/x ls", "line 2 takes the whole context"),
        ("FROM base\nCOPY a$PATH /x", "line 2 takes 'a$PATH', and PATH is known to the build alone"),
        (
            "FROM scratch\nARG BUILDARCH\nCOPY a$BUILDARCH /x",
            "line 3 takes 'a$BUILDARCH', and BUILDARCH is known to the build alone"
        ),
        ("FROM scratch\nARG V=a-b\nCOPY ${V%-*} /x", "line 3 takes '${V%-*}', and V is known to the build alone"),
        ("FROM scratch\nCOPY **/a /x", "line 2 takes '**/a', a pattern that builders read in different ways"),
        (
            "# syntax=example.com/my/frontend:1\nFROM scratch\nCOPY a /x",
            "the Dockerfile is read by example.com/my/frontend:1"
        ),
        ("FROM base\nRUN true", "no line takes anything from the context, but the base image may (ONBUILD)"),
        ("FROM node:onbuild\nCOPY a /x", "the base image node:onbuild has ONBUILD instructions"),
        (
            "FROM scratch AS a\nONBUILD COPY b /b\nFROM a\nCOPY c /c",
            "line 3 starts the ONBUILD instructions of a stage"
        ),
        (
            "FROM scratch AS a\nCOPY x /x\nFROM base-$BUILDARCH\nCOPY a /x",
            "line 3 depends on BUILDARCH, which only the build knows"
        ),
    ])
    func `where it can't be proven, everything is taken`(text: String, reason: String) {
        #expect(reach(text).unprovable == reason)
    }

    @Test func `directives change how a file is read`() {
        let text = "# escape=`\n# syntax=docker/dockerfile:1.7\nFROM scratch\nCOPY a `\n b /x\n"
        #expect(reach(text).sources.map(\.path) == ["a", "b"])
        #expect(Dockerfile(Array(text.utf8)).syntax == "docker/dockerfile:1.7")
        #expect(Dockerfile(Array("# a comment\n# syntax=x/y\nFROM scratch".utf8)).syntax == nil)
    }

    private static let stages = """
        ARG TAG=3.12
        ARG OTHER=tools
        FROM --platform=$BUILDPLATFORM python:$TAG AS build
        COPY requirements.txt /
        FROM busybox AS tools
        COPY tools /tools
        FROM scratch AS unused
        COPY unused /
        FROM ${OTHER} AS more
        COPY more /
        FROM python:${TAG} AS runtime
        COPY --from=build /x /x
        COPY --from=1 /tools /tools
        RUN --mount=from=example.com/lint@sha256:00,target=/l true
        COPY app /app
        FROM scratch AS test
        COPY --from=runtime / /
        COPY tests /tests
        """

    @Test(arguments: [
        (
            nil, ["requirements.txt", "tools", "app", "tests"],
            ["python:3.12", "busybox", "example.com/lint@sha256:00"]
        ),
        ("runtime", ["requirements.txt", "tools", "app"], ["python:3.12", "busybox", "example.com/lint@sha256:00"]),
        ("RUNTIME", ["requirements.txt", "tools", "app"], ["python:3.12", "busybox", "example.com/lint@sha256:00"]),
        ("unused", ["unused"], []), ("0", ["requirements.txt"], ["python:3.12"]),
        ("more", ["tools", "more"], ["busybox"]),
    ])
    func `only what the target needs counts`(target: String?, sources: [String], bases: [String]) {
        let reach = reach(Self.stages, target: target)
        #expect(Set(reach.sources.map(\.path)) == Set(sources))
        #expect(Set(reach.bases.compactMap(\.image)) == Set(bases))
        #expect(reach.unprovable == nil)
    }

    @Test func `base images are told as written and as they come out`() {
        let reach = reach("ARG B=a:1\nFROM ${B}\nCOPY --from=x@sha256:00 /y /y\nCOPY z /z", args: ["B": "c:2"])
        #expect(reach.bases.map(\.text) == ["${B}", "x@sha256:00"])
        #expect(reach.bases.map(\.image) == ["c:2", "x@sha256:00"])
        #expect(reach.bases.map(\.line) == [2, 3])
        #expect(reach.bases.map(\.isPinned) == [false, true])
    }

    @Test(arguments: [
        ("", ["1: there is no FROM"]), ("RUN x\nFROM scratch", ["1: RUN stands before the first FROM"]),
        ("FROM scratch\nCOPPY a b", ["2: there is no instruction 'COPPY'"]),
        ("FROM a b", ["1: FROM takes one image, and a name after AS"]),
        ("FROM a AS -x", ["1: '-x' is no name of a stage"]),
        ("FROM $X", ["1: FROM $X names no image: the variable has no value"]),
        ("FROM scratch\nCOPY a", ["2: COPY takes a source and a destination"]),
        ("FROM scratch\nCOPY --from=0 a b", ["2: there is no stage 0 before this one"]),
        (
            "FROM scratch AS x\nCOPY --from=x a b",
            ["2: the stage 'x' can't be copied from: it is this one or comes later"]
        ),
        ("FROM scratch\nRUN <<EOF\nx", ["2: the text <<EOF is not ended"]),
        (
            "FROM scratch\nCOPY a${V b /x",
            ["2: COPY a${V: '${V' is not closed, or has an operation that no builder knows"]
        ),
        ("FROM scratch\nCOPY \"a b\" /x", ["2: COPY \"a: a \" is not closed", "2: COPY b\": a \" is not closed"]),
        ("FROM scratch\nARG V=\"${W:?set it}\"\nCOPY a /x", ["2: ARG \"${W:?set it}\": W: set it"]),
        ("# escape=x\nFROM scratch", ["1: the escape character is '\\' or '`', not 'x'"]),
        ("# escape=`\n# escape=`\nFROM scratch", ["2: the directive 'escape' is given twice"]),
    ])
    func `what a builder refuses is told with its line`(text: String, expected: [String]) {
        #expect(findings(text) == expected)
    }

    @Test func `a target that is not there is told, with the nearest name`() {
        let findings = reach("FROM scratch AS runtime\n", target: "runtme").findings
        #expect(findings.map(\.message) == ["there is no stage 'runtme'"])
        #expect(findings.first?.fix == "did you mean 'runtime'?")
    }

    @Test func `a newer frontend may know more instructions`() {
        let file = Dockerfile(Array("# syntax=docker/dockerfile:2\nFROM scratch\nSUMMON x\n".utf8))
        #expect(file.findings.map(\.severity) == [.warning])
    }
}
