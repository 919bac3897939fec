import ArgumentParser
import DeploymentModel
import Git
import RegistryCatalog

struct LaneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lane",
        abstract: "List, show and run what CI does, as data.",
        subcommands: [
            LaneListCommand.self, LaneShowCommand.self, LaneRunCommand.self, LaneHistoryCommand.self,
            LaneCICommand.self,
        ])
}

struct LaneListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the lanes of pipelines/.")

    @OptionGroup var revision: RevisionOptions

    @Flag(help: "Print them as JSON.")
    var json = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let catalog = try await revision.catalog(in: try await revision.open())
            let broken = catalog.show(of: nil)
            if json {
                Output.result(try JSONText(catalog.lanes.map { LaneDocument($0) }).text)
            } else if !catalog.lanes.isEmpty {
                Output.view(catalog.lanesText(.standardOutput))
            } else if broken == 0 {
                Output.note(Catalog.noLanes)
            }
            CIPublication.annotate(catalog.diagnostics.filter { LaneSpec.name(ofFile: $0.file) != nil })
            return broken == 0 ? .success : .failure
        }
    }
}

struct LaneShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show the steps of a lane.")

    @Argument(help: ArgumentHelp("The lane.", valueName: "name"), completion: CatalogCompletion.lanes)
    var name: String

    @OptionGroup var revision: RevisionOptions

    @Flag(help: "Print it as JSON.")
    var json = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let lane = try await revision.catalog(in: try await revision.open()).lane(named: name)
            try Output.show(LaneDocument(lane), asJSON: json, LaneText(lane, style: .standardOutput).text)
            return .success
        }
    }
}

/// A lane as JSON.
struct LaneDocument: Encodable {
    struct Step: Encodable {
        let name: LaneStep.Kind
        let options: String?
    }

    let name: String
    let environment: String
    let allowReal: Bool
    let changedOnly: Bool
    let path: String
    let steps: [Step]

    init(_ lane: LaneSpec) {
        name = lane.name
        environment = lane.environment
        allowReal = lane.allowsReal
        changedOnly = lane.isChangedOnly
        path = lane.path
        steps = lane.steps.map { Step(name: $0.kind, options: $0.options) }
    }
}

extension LaneStep.Kind: Encodable {}
extension LaneStep.SmokePlace: Encodable {}

extension Catalog {
    static let noLanes = "There is no lane: pipelines/NAME.yaml would be one."

    /// The lanes as a table.
    func lanesText(_ style: Style) -> String {
        let rows = lanes.map { lane in
            [lane.name, lane.environment, lane.steps.map(\.kind.rawValue).joined(separator: " → ")]
        }
        return TableText(["LANE", "ENVIRONMENT", "STEPS"], rows, style: style).text
    }

    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when there is no such lane, or `ERR_SPEC` when its file has errors,
    ///   which are shown.
    func lane(named name: String) throws(Failure) -> LaneSpec {
        if let lane = lanes.first(where: { $0.name == name }) { return lane }
        guard show(of: name) == 0 else {
            throw Failure(.spec, "the lane '\(name)' can't be run: its file has errors", remedy: "Mend them first.")
        }
        throw Failure(
            .functionNotFound, "there is no lane '\(name)'",
            remedy: Suggestion.text(
                for: name, among: lanes.map(\.name), otherwise: "Describe it in pipelines/\(name).yaml."))
    }

    /// Shows what is wrong with the files of lanes, and gives the number of errors.
    ///
    /// - Parameter name: this lane's alone; `nil` for all.
    @discardableResult
    func show(of name: String?) -> Int {
        var errors = 0
        for diagnostic in diagnostics {
            guard let lane = LaneSpec.name(ofFile: diagnostic.file), name == nil || lane == name else { continue }
            if diagnostic.severity == .error { errors += 1 }
            let source = sources[diagnostic.file]
            Output.note(DiagnosticText(diagnostic, source: source, style: .standardError).text + "\n")
        }
        return errors
    }
}
