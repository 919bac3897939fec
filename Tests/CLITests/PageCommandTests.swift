import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Testing

@testable import CLI

/// A page whose commands are typed, in a world of its own.
struct TypedPage: CustomTestStringConvertible {
    let path: String
    let world: PageWorld.Kind

    var testDescription: String { path }

    /// All that have commands.
    static let all: [Self] =
        [Self(path: "README.md", world: .dockerfile), page("Init", .dockerfile)]
        + ["Developing", "Images", "Install", "Tutorial", "Repositories"].map { page($0, .sample) }
        + ["Commands", "Roles", "Running", "Lanes", "CI", "Modal", "Plans", "Records"].map { page($0, .released) }
        + [Self(path: "Sources/Modal/Modal.docc/Driver.md", world: .released)]

    private static func page(_ name: String, _ world: PageWorld.Kind) -> Self {
        Self(path: "Sources/CLI/CLI.docc/\(name).md", world: world)
    }
}

extension Page {
    /// What its blocks tell to type, in order: the lines of `sh`, what follows a prompt in `console`, and Pinion's steps
    /// of CI in `yaml`, those of a matrix once for each platform.
    var typed: [String] {
        blocks.flatMap { block -> [String] in
            let lines = block.lines.map { String($0.trimmingPrefix { $0 == " " }) }
            switch block.language {
            case "sh": return lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }
            case "console" where !path.hasSuffix("/Tutorial.md"):
                return lines.filter { $0.hasPrefix("$ ") }.map { String($0.dropFirst(2)) }
            case "yaml":
                let steps = lines.compactMap {
                    $0.firstMatch(of: /^(?:- )?run: (pinion .*)/).map { String($0.output.1) }
                }
                return steps.flatMap { step in
                    step.contains("${{")
                        ? ["amd64", "arm64"].map { step.replacing("${{ matrix.platform }}", with: $0) } : [step]
                }
            default: return []
            }
        }
    }
}

/// That what the pages tell to type does what they say. The steps of the tutorial are `TutorialTests`'.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct PageCommandTests {
    /// What is not typed, and why. `make test` does with CI's own what they do.
    static let untyped = [
        "make demo": "installs and builds; CI runs it",
        "make test": "is what runs this",
        "make services": "runs before this",
        "make install": "builds for release; InstallTests install",
        "make install PREFIX=/usr DESTDIR=pkg": "the same",
        "docker run -d -p 127.0.0.1:5075:5000 registry:2": "Docker Hub",
        "docker build -f .ci/Dockerfile --build-arg PINION_COMMIT=\"$(.ci/commit)\" -t pinion .": "Docker Hub",
        "docker run --rm -v \"$PWD:/work\" pinion validate": "its image",
        "python3 -m venv ~/.local/share/pinion/modal && ~/.local/share/pinion/modal/bin/pip install modal==1.6.4":
            "PyPI; make services does the same",
        "modal token new": "an account on Modal",
        "cd Tests/modal && python -m standin --state /tmp/standin --docker": "stays; every world on Modal has one",
        "export MODAL_SERVER_URL=http://127.0.0.1:40123 MODAL_TOKEN_ID=ak-standin MODAL_TOKEN_SECRET=as-standin":
            "the same",
    ]

    /// What a reader puts in place of what a page shows.
    private static let replaced = [
        ("OPENAI_API_KEY=…", "OPENAI_API_KEY=not-a-real-key"),
        ("git@example.com:acme/deployments.git", "../deployments.git"),
    ]

    /// Exit codes that are meant and that no comment tells, and why.
    private static let exits = [
        "pinion dev text/stats@1": 130,  // Ctrl-C.
        "pinion doctor --env staging": 1,  // Nobody is logged in to Modal where there is no stand-in.
        // The provider is not to be reached: its error is in the envelope.
        "OPENAI_API_KEY=… pinion run --ref llm/litellm@1 --mode real --inputs-file question.json --json": 1,
    ]

    /// A command without its comment, and the exit codes that it may have: 0, and the one that its comment tells of.
    private static func split(_ line: String) -> (command: String, exits: Set<Int>) {
        let parts = line.firstMatch(of: /^(.*?)(?:\s+# (.*))?$/)
        let command = parts.map { String($0.output.1) } ?? line
        let told = parts?.output.2?.firstMatch(of: /\b(\d+)(?:: | when )/).flatMap { Int($0.output.1) }
        return (command, Set([0, told, exits[command]].compactMap(\.self)))
    }

    /// What is typed for a command: questions are answered with yes, and the loop is broken off after its first test.
    private static func keys(_ command: String) -> String {
        var keys = replaced.reduce(command) { $0.replacing($1.0, with: $1.1) }
        if keys == "pinion init" { keys += " --yes" }
        guard keys.hasPrefix("pinion dev ") else { return keys }
        return """
            \(keys) >dev.out & loop=$!
            until grep -q ✓ dev.out; do kill -0 $loop || { cat dev.out; exit 1; }; sleep 0.1; done
            kill -INT $loop
            wait $loop || { code=$?; cat dev.out; exit $code; }
            """
    }

    @Test(arguments: TypedPage.all.filter { !$0.world.isCopy })
    func `every command of a page's blocks does what the page says`(page: TypedPage) async throws {
        try await Self.type(page)
    }

    /// One after the other: worlds that are copies of one have containers and images of the same names.
    @Suite(.serialized)
    struct Released {
        @Test(arguments: TypedPage.all.filter(\.world.isCopy))
        func `every command of a page's blocks does what the page says`(page: TypedPage) async throws {
            try await PageCommandTests.type(page)
        }

        @Test func `the example of an error code leads to it`() async throws {
            let world = try await PageWorld(.released)
            for explanation in ErrorCode.allCases.map(ErrorExplanation.init) where explanation.isCommand {
                let (command, _) = PageCommandTests.split(explanation.example)
                var before = ""
                switch explanation.code {
                case .imagePush:
                    before =
                        "echo '# \(world.mark)' >>registry/processors/text_stats/app/processor.py; git commit -qam new\n"
                case .predicate:
                    before =
                        "perl -pi -e 's/max_age: 3d/max_age: 1s/' pipelines/environments.yaml; git commit -qam strict\n"
                case .lease: try await world.hold("text/stats@1", run: "r1", in: "registry/.git")
                default: break
                }
                let run = try await world.type(before + PageCommandTests.keys(command))
                #expect(
                    run.exitCode == Int(explanation.exitCode.rawValue)
                        && run.stdout.contains(explanation.code.rawValue),
                    "\(explanation.code.rawValue): \(command)\nexit code \(run.exitCode)\n\(run.stdout)")
            }
            try await world.clean()
        }
    }

    private static func type(_ page: TypedPage) async throws {
        let (path, world) = (page.path, try await PageWorld(page.world))
        // A page about what is left of a run that is gone; one about a file that another command has written.
        if path.hasSuffix("Records.md") {
            try await world.hold("text/stats@1", run: "68c1f2a09b3d", in: "origin.git")
        }
        if path.hasSuffix("Driver.md") {
            #expect(try await world.type("pinion modal render --ref llm/litellm@1 --env staging").succeeded())
        }
        for line in try Page(path).typed {
            let (command, exits) = Self.split(line)
            guard Self.untyped[command] == nil else { continue }
            let run = try await world.type(Self.keys(command))
            #expect(exits.contains(run.exitCode), "\(path): \(command)\nexit code \(run.exitCode)\n\(run.stdout)")
        }
        try await world.clean()
    }
}

/// That no command of a page is left out above.
@Suite(.tags(.medium))
struct PageCommandListTests {
    @Test(arguments: try Page.all())
    func `blocks say what is in them, and a page with commands is typed`(page: Page) {
        let languages: Set = ["sh", "console", "yaml", "json", "text"]
        for block in page.blocks {
            #expect(languages.contains(block.language), "'\(block.language)': \(block.lines.first ?? "")")
        }
        let isTyped = TypedPage.all.contains { $0.path == page.path }
        // The examples of error codes are typed from where that page has them.
        #expect(page.typed.isEmpty == !isTyped || page.path.hasSuffix("/Errors.md"))
    }

    @Test func `what is not typed is in a page`() throws {
        let typed = Set(try Page.all().flatMap(\.typed).map { $0.replacing(/\s+# .*/, with: "") })
        #expect(PageCommandTests.untyped.keys.filter { !typed.contains($0) } == [])
    }
}
