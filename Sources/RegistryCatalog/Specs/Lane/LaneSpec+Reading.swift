import DeploymentModel
import YAML

extension LaneSpec {
    /// Reads a lane's file; `nil` when there is no lane to work with.
    ///
    /// - Parameter name: what the path says.
    static func read(_ root: YAMLNode, named name: String, _ findings: inout Findings) -> LaneSpec? {
        guard var fields = Fields(root, path: "", &findings) else { return nil }
        var places: [String: SourceSpan] = [:]
        if let (text, node) = fields.string("name", &findings), text != name {
            findings.add(
                .error, "'name' says \(text), but the path says \(name)", at: node,
                fix: "move the file, or write the name that belongs to its path")
        }
        let environment = fields.string("environment", &findings)
        if let environment {
            places["environment"] = environment.node.span
        } else if !findings.hasErrors {
            findings.add(.error, "'environment' is missing", at: root, fix: "add 'environment: \(name)'")
        }
        let allowsReal = fields.bool("allow_real", &findings) ?? false
        let isChangedOnly = fields.bool("changed_only", &findings) ?? false
        var steps: [(step: LaneStep, node: YAMLNode)] = []
        if let nodes = fields.sequence("steps", &findings) {
            for node in nodes {
                if let step = LaneStep(node, &findings) { steps.append((step, node)) }
            }
            for (step, node) in steps {
                places[step.kind.rawValue] = places[step.kind.rawValue] ?? node.span
                if case .smoke(.modal, _) = step { places["smoke on Modal"] = node.span }
            }
            // What is left out because it can't be read would only bring more findings.
            if steps.count == nodes.count { check(steps, nodes.isEmpty ? root : nil, &findings) }
        } else {
            findings.add(.error, "'steps' is missing", at: root, fix: "add 'steps:' and below it '- validate'")
        }
        fields.reportUnknown(&findings)
        guard let environment, !findings.hasErrors else { return nil }
        return LaneSpec(
            name: name, path: findings.file, environment: environment.text, allowsReal: allowsReal,
            isChangedOnly: isChangedOnly, steps: steps.map(\.step), places: places)
    }

    /// The order of the steps, and what one needs of the others.
    private static func check(
        _ steps: [(step: LaneStep, node: YAMLNode)], _ empty: YAMLNode?, _ findings: inout Findings
    ) {
        if let empty { findings.add(.error, "'steps' is empty", at: empty, fix: "add '- validate'") }
        for (index, (step, node)) in steps.enumerated() {
            if let earlier = steps[..<index].first(where: { $0.step.rank == step.rank }) {
                findings.add(
                    .error,
                    "'\(step.kind.rawValue)' is here twice, first on line \(earlier.node.span.start.line)", at: node,
                    fix: "remove one of the two")
            } else if let later = steps[..<index].filter({ $0.step.rank > step.rank }).min(by: {
                $0.step.rank < $1.step.rank
            }) {
                findings.add(
                    .error, "'\(step.kind.rawValue)' is done before '\(later.step.kind.rawValue)'", at: node,
                    fix: "move it up: the steps stand in the order in which they are done")
            }
        }
        let there = Set(steps.map(\.step.kind))
        func require(_ kind: LaneStep.Kind, _ claim: Bool, _ message: String, fix: String) {
            guard !claim, let node = steps.first(where: { $0.step.kind == kind })?.node else { return }
            findings.add(.error, message, at: node, fix: fix)
        }
        require(.push, there.contains(.build), "'push' has nothing to push", fix: "add 'build' before it")
        require(
            .deploy, there.contains(.record), "what is deployed has to be recorded", fix: "add 'record' after it")
        require(
            .promote, there.contains(.deploy), "what is promoted has to be deployed",
            fix: "add 'deploy' and 'record' after it")
        require(.record, there.contains(.deploy), "'record' has nothing to record", fix: "add 'deploy' before it")
        require(
            .promote, there.isDisjoint(with: [.build, .push, .pin]), "what is promoted is never built anew",
            fix: "remove 'build', 'push' and 'pin'")
        for (step, node) in steps {
            switch step {
            case .smoke(.local, .build) where !there.contains(.build):
                findings.add(.error, "there is no build to test", at: node, fix: "write image: pinned, or add 'build'")
            case .smoke(.local, .build) where there.contains(.deploy):
                findings.add(.error, "what is deployed is tested by its digest", at: node, fix: "write image: pinned")
            case .smoke(.modal, _) where !there.contains(.deploy):
                findings.add(
                    .error, "nothing is deployed that could be tested", at: node, fix: "add 'deploy' before it")
            case .smoke(.modal, .build):
                findings.add(.error, "Modal runs pinned digests alone", at: node, fix: "write image: pinned")
            default: break
            }
        }
    }
}

extension LaneStep {
    /// Reads a step: its name, or its name with options (`build: {platforms: [host]}`).
    fileprivate init?(_ node: YAMLNode, _ findings: inout Findings) {
        if let pairs = node.mapping {
            guard pairs.count == 1, let pair = pairs.first else {
                findings.add(
                    .error, "a step has one name, and this has \(pairs.count)", at: node,
                    fix: "begin each step with '- '")
                return nil
            }
            guard let kind = Self.kind(pair.key, &findings) else { return nil }
            var options: Fields?
            if pair.value.value != .null || pair.value.scalar == nil {
                options = Fields(pair.value, path: "steps.\(kind.rawValue)", &findings)
                guard options != nil else { return nil }
            }
            self.init(kind, &options, at: node, &findings)
        } else {
            guard let kind = Self.kind(node, &findings) else { return nil }
            var options: Fields?
            self.init(kind, &options, at: node, &findings)
        }
    }

    private static func kind(_ node: YAMLNode, _ findings: inout Findings) -> Kind? {
        guard let text = node.scalar?.text else {
            findings.add(.error, "a step is \(node.kind), it should be a name", at: node)
            return nil
        }
        if let kind = Kind(rawValue: text) { return kind }
        let names = Kind.allCases.map(\.rawValue)
        findings.add(
            .error, "there is no step '\(text)'", at: node,
            fix: nearest(to: text, among: names).map { "did you mean '\($0)'?" }
                ?? "there is: \(names.joined(separator: ", "))")
        return nil
    }

    private init?(_ kind: Kind, _ options: inout Fields?, at node: YAMLNode, _ findings: inout Findings) {
        switch kind {
        case .validate: self = .validate
        case .promote:
            guard let source = options?.string("from", &findings)?.text else {
                findings.add(
                    .error, "'promote' does not say from where", at: node, fix: "write promote: {from: staging}")
                return nil
            }
            self = .promote(from: source)
        case .syncSecrets: self = .syncSecrets(failsOnMissing: options?.bool("fail_on_missing", &findings) ?? false)
        case .build:
            let words = options?.strings("platforms", &findings) ?? []
            let platforms = words.compactMap { Self.word("platforms", $0.text, $0.node, &findings) as BuildPlatform? }
            self = .build(platforms.isEmpty ? [.amd64, .arm64] : platforms)
        case .push: self = .push
        case .pin: self = .pin
        case .smoke:
            let place: SmokePlace? = Self.word("adapter", &options, &findings)
            let image: SmokeImage? = Self.word("image", &options, &findings)
            self = .smoke(place ?? .local, image ?? .pinned)
        case .probe: self = .probe
        case .deploy: self = .deploy
        case .record: self = .record
        case .drift: self = .drift(live: options?.bool("live", &findings) ?? false)
        case .report:
            let junit = options?.string("junit", &findings)
            if let (text, node) = junit, text.hasPrefix("/") || text.split(separator: "/").contains("..") {
                findings.add(
                    .error, "'junit' leads out of the folder of the reports", at: node,
                    fix: "name a file below it: smoke.xml")
            } else if let (text, node) = junit, let own = Self.reportFile(text) {
                findings.add(
                    .error, "'junit' would write over \(own), another file of the report", at: node,
                    fix: "name another file: smoke.xml")
            }
            self = .report(
                junit: junit?.text, summary: options?.bool("summary", &findings) ?? true)
        }
        options?.reportUnknown(&findings)
    }

    /// The file of the report that a path names; file systems may take capitals for small letters.
    private static func reportFile(_ path: String) -> String? {
        let parts = path.lowercased().split(separator: "/").filter { $0 != "." }
        return parts.count == 1 ? LaneSpec.reportFiles.first { $0 == parts[0] } : nil
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ options: inout Fields?, _ findings: inout Findings
    ) -> Word? {
        guard let (text, node) = options?.string(name, &findings) else { return nil }
        return word(name, text, node, &findings)
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ text: String, _ node: YAMLNode, _ findings: inout Findings
    ) -> Word? {
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        findings.add(
            .error, "'\(name)' is '\(text)', it should be one of: \(words.joined(separator: ", "))", at: node,
            fix: nearest(to: text, among: words).map { "did you mean '\($0)'?" })
        return nil
    }
}
