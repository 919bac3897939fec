import DeploymentModel

/// A Dockerfile as its text has it: which stages there are, and what is wrong with them.
package struct Dockerfile: Sendable {
    /// One `FROM` and what follows it.
    struct Stage: Sendable {
        /// In lower case; `nil` when it has none.
        let name: String?
        /// As written, variables included.
        let base: String
        let line: Int
        var instructions: [DockerfileInstruction] = []
    }

    /// `# syntax=`, as written.
    package let syntax: String?
    package let findings: [DockerfileFinding]
    /// `ARG` before the first `FROM`.
    let globals: [DockerfileInstruction]
    let stages: [Stage]
    let escape: Character

    /// Claims that the file is read by Docker's own frontend, whose rules are known here.
    package var isOfKnownSyntax: Bool {
        guard let syntax else { return true }
        let name = syntax.prefix { $0 != "@" && $0 != ":" }
        return ["docker/dockerfile", "docker.io/docker/dockerfile"].contains(name)
    }

    private static let keywords: Set<String> = [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]

    /// Reads a Dockerfile. It never fails: what is wrong is in `findings`.
    package init(_ source: [UInt8]) {
        let lines = DockerfileLines(source)
        var findings = lines.findings
        var globals: [DockerfileInstruction] = []
        var stages: [Stage] = []
        for instruction in lines.instructions {
            switch instruction.keyword {
            case "FROM":
                if let stage = Self.stage(instruction, &findings) { stages.append(stage) }
            case "ARG" where stages.isEmpty: globals.append(instruction)
            case let keyword where !Self.keywords.contains(keyword):
                // A frontend of another version may know more.
                findings.append(
                    DockerfileFinding(
                        lines.syntax == nil ? .error : .warning, "there is no instruction '\(keyword.prefix(40))'",
                        line: instruction.line,
                        fix: nearest(to: keyword, among: Array(Self.keywords)).map { "did you mean \($0)?" }))
            default:
                guard !stages.isEmpty else {
                    findings.append(
                        DockerfileFinding(
                            .error, "\(instruction.keyword) stands before the first FROM", line: instruction.line,
                            fix: "start with FROM; only ARG may come before it"))
                    continue
                }
                stages[stages.count - 1].instructions.append(instruction)
            }
        }
        if stages.isEmpty, !findings.contains(where: { $0.severity == .error }) {
            findings.append(DockerfileFinding(.error, "there is no FROM", line: max(1, globals.last?.line ?? 1)))
        }
        syntax = lines.syntax
        escape = lines.escape
        self.findings = findings
        self.globals = globals
        self.stages = stages
    }

    /// The stage with this name or number, the last of that name.
    func stage(_ name: String) -> Int? {
        if let named = stages.lastIndex(where: { $0.name == name.lowercased() }) { return named }
        return Int(name).flatMap { stages.indices.contains($0) ? $0 : nil }
    }

    private static func stage(
        _ instruction: DockerfileInstruction, _ findings: inout [DockerfileFinding]
    ) -> Stage? {
        let words = instruction.list
        let hasName = words.count == 3 && words[1].lowercased() == "as"
        guard words.count == 1 || hasName else {
            findings.append(
                DockerfileFinding(
                    .error, "FROM takes one image, and a name after AS", line: instruction.line,
                    fix: "write: FROM image AS name"))
            return nil
        }
        let name = hasName ? words[2].lowercased() : nil
        if let name, !isStageName(name) {
            findings.append(
                DockerfileFinding(
                    .error, "'\(name)' is no name of a stage", line: instruction.line,
                    fix: "it starts with a letter and has letters, digits, '-', '_' and '.'"))
        }
        return Stage(name: name, base: words[0], line: instruction.line)
    }

    private static func isStageName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || "-_.".utf8.contains($0)
        }
    }
}
