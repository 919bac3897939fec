import FoundationEssentials
import Testing

@testable import CLI

@Suite(.tags(.medium)) struct HelpTests {
    @Test(arguments: Topic.allCases)
    func `a topic fits a screen`(topic: Topic) {
        let lines = topic.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first?.hasPrefix("# ") == true)
        #expect(lines.count <= 36)
        for line in lines { #expect(line.count <= 80, "\(line)") }
    }

    /// What a topic or an explanation tells to type.
    @Test func `every command that help names is there`() async throws {
        let page = try await Pinion.run(["reference", "commands"]).stdout
        let texts =
            Topic.allCases.map(\.text)
            + [try await Pinion.run(["reference", "errors"]).stdout]
        let commands = Set(
            page.split(separator: "\n").filter { $0.hasPrefix("### pinion ") || $0.hasPrefix("Also: `") }.flatMap {
                $0.hasPrefix("###")
                    ? [$0.split(separator: " ")[2]] : $0.split(separator: "`").filter { !$0.contains(" ") }
            })
        for text in texts {
            for part in text.replacing("\n", with: " ").split(separator: "pinion ").dropFirst() {
                let word = part.prefix { $0.isLetter || $0 == "-" || $0 == "_" }
                // 'pinion COMMAND', and prose that has the name in it.
                guard let first = word.first, first.isLowercase, !["says", "itself"].contains(word) else { continue }
                #expect(commands.contains(word), "pinion \(part.prefix(30))")
            }
        }
    }

    @Test func `help lists commands by group, and topics`() async throws {
        let help = try await Pinion.run(["help"])
        #expect(help.succeeded())
        for word in ["WORK SUBCOMMANDS", "RELEASE SUBCOMMANDS", "exit-codes"] { #expect(help.stdout.contains(word)) }
        #expect(!help.stdout.contains("reference"))
        #expect(try await Pinion.run(["--help"]).stdout == help.stdout)
    }

    @Test func `a topic, a command, and what is both are shown`() async throws {
        #expect(try await Pinion.run(["help", "leases"]).stdout.hasPrefix("# Leases\n"))
        let command = try await Pinion.run(["help", "lane", "run"])
        #expect(command.stdout == (try await Pinion.run(["lane", "run", "--help"])).stdout)
        let both = try await Pinion.run(["help", "drift"])
        #expect(both.stdout.hasPrefix("# Drift\n") && both.stdout.contains("USAGE: pinion drift"))
    }

    @Test func `what is neither is refused with what is near`() async throws {
        let run = try await Pinion.run(["help", "evidnce"])
        #expect(run.exitCode == 64)
        #expect(run.stderr.contains("Did you mean 'evidence'?"), "\(run.stderr)")
    }
}
