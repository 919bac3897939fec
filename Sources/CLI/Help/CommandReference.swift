import ArgumentParser
import DeploymentModel
import FoundationEssentials

/// The page of all commands, made from what the argument parser knows of them.
struct CommandReference {
    let markdown: String

    init(_ root: any ParsableCommand.Type) throws(Failure) {
        let tool: Tool
        do {
            tool = try JSONDecoder().decode(Tool.self, from: Data(root._dumpHelp().utf8))
        } catch { throw Failure(.spec, "the help of the commands can't be read: \(error)") }
        let shared = Self.shared(tool.command)
        let commands = root.configuration.groupedSubcommands.map { group in
            let names = group.subcommands.map { $0._commandName }
            let own = names.compactMap { name in tool.command.visible.first { $0.commandName == name } }
            return "## \(group.name)\n\n"
                + own.map { Self.section($0, path: [tool.command.commandName], shared) }.joined(separator: "\n\n")
        }
        markdown = """
            # Commands

            Every command, with its options; `pinion COMMAND --help` says the same. Every command has `--help`.

            This page is made from the program: `make docs`.

            ## Options of many commands

            They are described here once, and named where a command has them.

            \(Self.table(shared))

            \(commands.joined(separator: "\n\n"))

            """
    }

    /// What more than three commands have with the same words.
    private static func shared(_ root: Command) -> [Argument] {
        var counts: [Argument: Int] = [:]
        var order: [Argument] = []
        func count(_ command: Command) {
            for argument in command.options {
                if counts[argument] == nil { order.append(argument) }
                counts[argument, default: 0] += 1
            }
            command.visible.forEach(count)
        }
        count(root)
        // Of two with one name and different words, that of fewer commands is described with these.
        return order.filter { argument in
            let rivals = order.filter { $0.spelling == argument.spelling }
            let first = rivals.max { counts[$0, default: 0] < counts[$1, default: 0] }
            return argument == first && argument.kind != "positional" && counts[argument, default: 0] > 3
        }
    }

    private static func section(_ command: Command, path: [String], _ shared: [Argument]) -> String {
        let path = path + [command.commandName]
        let own = command.options.filter { !shared.contains($0) }
        let others = command.options.filter { shared.contains($0) }.map { "`\($0.spelling)`" }
        var parts = ["### \(path.joined(separator: " "))", escaped(command.abstract ?? "")]
        if let aliases = command.aliases, !aliases.isEmpty {
            parts.append("Also: \(aliases.map { "`\($0)`" }.joined(separator: ", ")).")
        }
        parts += (command.discussion ?? "").split(separator: "\n\n").map { paragraph($0) }
        if !own.isEmpty { parts.append(table(own)) }
        if !others.isEmpty { parts.append("\(own.isEmpty ? "Options:" : "And") \(others.joined(separator: ", ")).") }
        parts += command.visible.map { section($0, path: path, shared) }
        return parts.joined(separator: "\n\n")
    }

    /// Lines that begin with a command, an assignment or a comment are code.
    private static func paragraph(_ text: Substring) -> String {
        let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
        let isCode = lines.allSatisfy { line in
            line.hasPrefix("pinion ") || line.hasPrefix("# ") || line.hasPrefix("source ")
                || line.hasPrefix("(cd ")
                || line.contains("=… pinion ")
        }
        return isCode ? "```sh\n\(lines.joined(separator: "\n"))\n```" : escaped(String(text))
    }

    private static func table(_ arguments: [Argument]) -> String {
        (["| | |", "| --- | --- |"] + arguments.map { "| `\($0.spelling)` | \($0.words) |" }).joined(separator: "\n")
    }

    fileprivate static func escaped(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("<", with: "&lt;")
    }
}

private struct Tool: Decodable {
    let command: Command
}

private struct Command: Decodable {
    let commandName: String
    let abstract: String?
    let discussion: String?
    let aliases: [String]?
    let shouldDisplay: Bool
    let arguments: [Argument]?
    let subcommands: [Command]?

    /// Those that help shows, and help itself once.
    var visible: [Command] {
        var seen: Set<String> = []
        return (subcommands ?? []).filter { $0.shouldDisplay && seen.insert($0.commandName).inserted }
    }

    /// What is its own: every command has --help and --version.
    var options: [Argument] {
        (arguments ?? []).filter { $0.shouldDisplay && !["help", "version"].contains($0.valueName) }
    }
}

private struct Argument: Decodable, Hashable {
    struct Name: Decodable, Hashable {
        let kind: String
        let name: String
    }

    let kind: String
    let shouldDisplay: Bool
    let isOptional: Bool
    let isRepeating: Bool
    let names: [Name]?
    let valueName: String?
    let defaultValue: String?
    let abstract: String?

    /// `--output, -o <file>`, `[<ref> …]`.
    var spelling: String {
        let value = valueName.map { "<\($0)>" } ?? ""
        guard kind != "positional" else {
            let all = value + (isRepeating ? " …" : "")
            return isOptional ? "[\(all)]" : all
        }
        let all = (names ?? []).map { ($0.kind == "short" ? "-" : "--") + $0.name }.joined(separator: ", ")
        return kind == "flag" ? all : "\(all) \(value)"
    }

    var words: String {
        let standard = defaultValue.map { $0.isEmpty ? "" : " (default: `\($0)`)" } ?? ""
        return CommandReference.escaped(abstract ?? "") + standard
    }
}
