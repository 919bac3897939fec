import ArgumentParser
import FoundationEssentials
import Testing

@testable import CLI

/// A page of the documentation, and what it tells to type.
struct Page: CustomTestStringConvertible {
    /// Relative to the checkout: `README.md`.
    let path: String
    let text: String

    var testDescription: String { path }

    static let checkout = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

    init(_ path: String) throws {
        self.path = path
        text = try String(contentsOfFile: "\(Self.checkout)/\(path)", encoding: .utf8)
    }

    /// README.md and the pages of all modules.
    static func all() throws -> [Page] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: checkout + "/Sources")
        return try [Page("README.md")]
            + paths.filter { $0.contains(".docc/") && $0.hasSuffix(".md") }.sorted().map { try Page("Sources/\($0)") }
    }

    /// The lines between fences, each block with what stands behind its opening fence: `console`.
    var blocks: [(language: String, lines: [String])] {
        var (blocks, open): ([(language: String, lines: [String])], Bool) = ([], false)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let trimmed = line.trimmingPrefix { $0 == " " }
            if trimmed.hasPrefix("```") {
                if !open { blocks.append((String(trimmed.dropFirst(3)), [])) }
                open.toggle()
            } else if open {
                blocks[blocks.count - 1].lines.append(String(line))
            }
        }
        return blocks
    }

    /// The `pinion …` of its blocks and of the code in its prose, as a shell would split them.
    var commands: [(words: [String], isProse: Bool)] {
        let lines = blocks.filter { $0.language != "json" }.flatMap(\.lines)
        var prose: [Substring] = []
        var isFenced = false
        for line in text.split(separator: "\n") {
            if line.contains("```") { isFenced.toggle() } else if !isFenced { prose.append(line) }
        }
        let spans = prose.joined(separator: " ").split(separator: "`", omittingEmptySubsequences: false)
        // In a table a bar is escaped.
        let code = spans.enumerated().filter { $0.offset % 2 == 1 }.map {
            String($0.element).replacing("\\|", with: "|")
        }
        return [(lines, false), (code, true)].flatMap { texts, isProse in
            texts.flatMap { ShellLine($0).commands }.filter { $0.first == "pinion" }.map { ($0, isProse) }
        }
    }
}

/// A line for a shell, as far as documentation has them: words, quotes, comments, and what separates commands.
struct ShellLine {
    let commands: [[String]]

    init(_ line: String) {
        var (commands, words, word): ([[String]], [String], String?) = ([], [], nil)
        var quote: Character?
        func end(_ isLast: Bool) {
            if let ended = word { words.append(ended) }
            word = nil
            guard isLast else { return }
            let isPrompt: (String) -> Bool = { $0 == "$" || $0 == "-" || $0 == "run:" }
            // A prompt, the step of a workflow, and variables for this command alone.
            words = Array(words.drop { isPrompt($0) || ($0.contains("=") && $0.first?.isUppercase == true) })
            if !words.isEmpty { commands.append(words) }
            words = []
        }
        for character in line {
            switch character {
            case _ where character == quote: quote = nil
            case _ where quote != nil: word = (word ?? "") + String(character)
            case "'", "\"": (quote, word) = (character, word ?? "")
            case " ": end(false)
            case "|" where word != nil: word?.append(character)
            case "|", "&", ";", "(", ")", "<", ">": end(true)
            case "#" where word == nil:
                end(true)
                self.commands = commands
                return
            default: word = (word ?? "") + String(character)
            }
        }
        end(true)
        self.commands = commands
    }
}

/// That no page names a command, an option or a page which is not there.
@Suite(.tags(.medium)) struct DocumentationTests {
    @Test(arguments: try Page.all())
    func `every command of a page is one`(page: Page) {
        for (words, isProse) in page.commands {
            let arguments = words.dropFirst().map(Self.instance).filter { $0 != "…" && !$0.isEmpty }
            do {
                _ = try CLI.Pinion.parseAsRoot(arguments)
            } catch {
                let message = CLI.Pinion.message(for: error)
                // Prose names a command without what it takes: 'pinion explain-key'.
                if isProse, message.hasPrefix("Missing expected argument") { continue }
                Issue.record("\(words.joined(separator: " ")): \(message)")
            }
        }
    }

    /// A word of a page with something in place of what stands for it: 'REF…', '[--json]', 'table|json', '--build=now'.
    private static func instance(_ word: String) -> String {
        switch word.filter({ !"[]\\".contains($0) }) {
        case "REF", "REF…": "text/stats@1"
        case "${{": "amd64"
        case "matrix.platform", "}}": ""
        case "--build=now": "--build-now"
        case let plain: String(plain.prefix { $0 != "|" })
        }
    }

    @Test(arguments: try Page.all())
    func `every link of a page leads to a file`(page: Page) {
        let folder = page.path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        for link in page.text.matches(of: /\]\(([^)#\s]+)/).map(\.output.1) where !link.contains("://") {
            #expect(FileManager.default.fileExists(atPath: "\(Page.checkout)\(folder)/\(link)"), "\(link)")
        }
    }

    @Test func `every page is in the list of pages`() throws {
        let list = try Page("Sources/CLI/CLI.docc/README.md")
        for page in try Page.all() where page.path != "README.md" && page.path != list.path {
            let own = page.path.replacing("Sources/CLI/CLI.docc/", with: "").replacing("Sources/", with: "../../")
            #expect(list.text.contains("(\(own))"), "\(own)")
        }
    }
}
