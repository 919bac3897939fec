import DeploymentModel

/// Goes through the stages that a target needs, and notes what they take.
struct DockerfileWalk {
    private(set) var unprovable: String?
    private(set) var sources: [DockerfileReach.Source] = []
    private(set) var bases: [DockerfileReach.Base] = []
    private(set) var findings: [DockerfileFinding] = []

    private let file: Dockerfile
    private let args: [String: String]
    private var globals = DockerfileVariables()
    private let platformValues: [String: DockerfileVariables.Value]
    /// The variables at the end of each stage that was gone through.
    private var ends: [Int: DockerfileVariables] = [:]
    private var hasTriggers: Set<Int> = []

    init(_ file: Dockerfile, platform: Platform, args: [String: String]) {
        self.file = file
        self.args = args
        platformValues = [
            "TARGETPLATFORM": .known(platform.oci), "TARGETOS": .known("linux"),
            "TARGETARCH": .known(platform.rawValue), "TARGETVARIANT": .known(""), "BUILDPLATFORM": .unknown,
            "BUILDOS": .unknown, "BUILDARCH": .unknown, "BUILDVARIANT": .unknown, "TARGETSTAGE": .unknown,
        ]
        globals.arguments = platformValues
        for instruction in file.globals {
            for (name, text) in assignments(instruction) {
                if let value = args[name] {
                    globals.arguments[name] = .known(value)
                } else if let text {
                    globals.arguments[name] = value(text, globals, instruction)
                }
            }
        }
    }

    /// Goes through a stage once, and through all that it needs.
    mutating func visit(_ index: Int) {
        guard ends[index] == nil else { return }
        let stage = file.stages[index]
        var variables = DockerfileVariables()
        ends[index] = variables
        switch globals.expand(stage.base, escape: file.escape) {
        case .text(""):
            note(
                .error, "FROM \(stage.base) names no image: the variable has no value", stage.line, "give it a default")
        case .text("scratch"): break
        case .text(let name):
            if let base = file.stages[..<index].lastIndex(where: { $0.name == name.lowercased() }) {
                visit(base)
                variables = ends[base] ?? variables
                variables.arguments = [:]
                if hasTriggers.contains(base) {
                    giveUp("line \(stage.line) starts the ONBUILD instructions of a stage")
                }
            } else {
                add(stage.base, name, stage.line)
                variables.isComplete = false
                if name.lowercased().contains("onbuild") { giveUp("the base image \(name) has ONBUILD instructions") }
            }
        case .unknown(let variable):
            add(stage.base, nil, stage.line)
            variables.isComplete = false
            // It may be the name of a stage just as well.
            for earlier in file.stages[..<index].indices { visit(earlier) }
            giveUp("line \(stage.line) depends on \(variable), which only the build knows")
        case .malformed(let reason): note(.error, "FROM \(stage.base): \(reason)", stage.line)
        }
        for instruction in stage.instructions { read(instruction, in: index, &variables) }
        ends[index] = variables
    }

    private mutating func read(
        _ instruction: DockerfileInstruction, in stage: Int, _ variables: inout DockerfileVariables
    ) {
        switch instruction.keyword {
        case "ARG":
            for (name, text) in assignments(instruction) {
                let isGlobal = file.globals.contains { assignments($0).contains { $0.name == name } }
                if let value = args[name] {
                    variables.arguments[name] = .known(value)
                } else if let text {
                    variables.arguments[name] = value(text, variables, instruction)
                } else if let value = isGlobal ? globals.arguments[name] : platformValues[name] {
                    variables.arguments[name] = value
                }
            }
        case "ENV":
            for (name, text) in assignments(instruction) {
                variables.environment[name] = value(text ?? "", variables, instruction)
            }
        case "COPY", "ADD": copy(instruction, in: stage, variables)
        case "RUN": run(instruction, in: stage, variables)
        case "ONBUILD": hasTriggers.insert(stage)
        default: break
        }
    }

    private mutating func copy(
        _ instruction: DockerfileInstruction, in stage: Int, _ variables: DockerfileVariables
    ) {
        let words = instruction.list
        guard words.count >= 2 else {
            note(.error, "\(instruction.keyword) takes a source and a destination", instruction.line)
            return
        }
        if let from = instruction.values(of: "from").last {
            take(from: from, instruction, in: stage, variables)
            return
        }
        for word in words.dropLast() where !word.hasPrefix("<<") || instruction.heredocs.isEmpty {
            if instruction.keyword == "ADD", isRemote(word) { continue }
            add(source: word, instruction, variables)
        }
    }

    private mutating func run(
        _ instruction: DockerfileInstruction, in stage: Int, _ variables: DockerfileVariables
    ) {
        for mount in instruction.values(of: "mount") {
            var options: [String: String] = [:]
            for option in mount.split(separator: ",") {
                let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
                options[parts[0].lowercased()] = parts.count == 2 ? parts[1] : ""
            }
            let kind = options["type"] ?? "bind"
            if kind.contains("$") { giveUp("line \(instruction.line) has a mount of a kind that only the build knows") }
            if let from = options["from"] {
                take(from: from, instruction, in: stage, variables)
            } else if kind == "bind" {
                add(source: options["source"] ?? options["src"] ?? "/", instruction, variables)
            }
        }
    }

    /// Notes what is taken from another stage or another image.
    private mutating func take(
        from text: String, _ instruction: DockerfileInstruction, in stage: Int, _ variables: DockerfileVariables
    ) {
        guard case .text(let name) = variables.expand(text, escape: file.escape) else {
            for earlier in file.stages[..<stage].indices { visit(earlier) }
            giveUp("line \(instruction.line) takes from '\(text)', which only the build knows")
            return
        }
        if let number = Int(name) {
            guard (0..<stage).contains(number) else {
                note(.error, "there is no stage \(number) before this one", instruction.line, "name the stage by AS")
                return
            }
            visit(number)
        } else if let earlier = file.stages[..<stage].lastIndex(where: { $0.name == name.lowercased() }) {
            visit(earlier)
        } else if file.stages[stage...].contains(where: { $0.name == name.lowercased() }) {
            note(
                .error, "the stage '\(name)' can't be copied from: it is this one or comes later", instruction.line,
                "move the stage '\(name)' up")
        } else {
            add(text, name, instruction.line)
        }
    }

    private mutating func add(
        source text: String, _ instruction: DockerfileInstruction, _ variables: DockerfileVariables
    ) {
        let path: String
        switch variables.expand(text, escape: file.escape) {
        case .text(let expanded): path = expanded
        case .unknown(let variable):
            giveUp("line \(instruction.line) takes '\(text)', and \(variable) is known to the build alone")
            return
        case .malformed(let reason):
            note(.error, "\(instruction.keyword) \(text): \(reason)", instruction.line)
            return
        }
        var parts: [String] = []
        for part in path.split(separator: "/").map(String.init) where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        if parts.isEmpty {
            giveUp("line \(instruction.line) takes the whole context")
        } else if path.contains("**")
            || parts.contains(where: { (try? PathPattern($0, acrossFolders: false)) == nil })
        {
            giveUp("line \(instruction.line) takes '\(path)', a pattern that builders read in different ways")
        } else {
            let source = DockerfileReach.Source(parts: parts, line: instruction.line, keyword: instruction.keyword)
            if !sources.contains(source) { sources.append(source) }
        }
    }

    private mutating func add(_ text: String, _ image: String?, _ line: Int) {
        let base = DockerfileReach.Base(text: text, image: image, line: line)
        if image != "scratch", !bases.contains(where: { $0.text == text && $0.image == image }) { bases.append(base) }
    }

    private mutating func value(
        _ text: String, _ variables: DockerfileVariables, _ instruction: DockerfileInstruction
    ) -> DockerfileVariables.Value {
        switch variables.expand(text, escape: file.escape) {
        case .text(let value): return .known(value)
        case .unknown: return .unknown
        case .malformed(let reason):
            note(.error, "\(instruction.keyword) \(text): \(reason)", instruction.line)
            return .unknown
        }
    }

    private mutating func giveUp(_ reason: String) { unprovable = unprovable ?? reason }

    private mutating func note(
        _ severity: Diagnostic.Severity, _ message: String, _ line: Int, _ fix: String? = nil
    ) {
        findings.append(DockerfileFinding(severity, message, line: line, fix: fix))
    }

    private func isRemote(_ source: String) -> Bool {
        ["http://", "https://", "git@", "git://", "ssh://"].contains { source.hasPrefix($0) }
    }

    /// `NAME=value` words with their quotes, `NAME` alone, or (in `ENV`) the older `NAME value with spaces`.
    private func assignments(_ instruction: DockerfileInstruction) -> [(name: String, text: String?)] {
        let words = DockerfileLines.words(of: instruction.arguments, escape: file.escape)
        if instruction.keyword == "ENV", let first = words.first, !first.contains("=") {
            let rest = instruction.arguments.dropFirst(first.count).drop(while: \.isWhitespace)
            return [(first, String(rest))]
        }
        return words.map { word in
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0].filter { $0 != "\"" && $0 != "'" }
            return (name, parts.count == 2 ? String(parts[1]) : nil)
        }
    }
}
