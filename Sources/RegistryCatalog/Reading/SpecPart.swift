package import DeploymentModel
import YAML

/// The part of a processor's spec that a failure is about.
package enum SpecPart {
    /// Where the part stands, its lines and columns counted from 1; the ref where it does not say it; `nil` where the text is
    /// no YAML.
    package static func place(of code: ErrorCode, in source: [UInt8]) -> (line: Int, column: Int)? {
        guard let document = try? YAMLDocument(source), let root = document.root else { return nil }
        for path in paths(of: code) + [["ref"], ["name"]] {
            if let key = key(at: path[...], in: root) { return (key.span.start.line, key.span.start.column) }
        }
        return nil
    }

    private static func key(at path: ArraySlice<String>, in node: YAMLNode) -> YAMLNode? {
        guard let name = path.first, let pair = node.mapping?.first(where: { $0.key.scalar?.text == name }) else {
            return nil
        }
        return path.count == 1 ? pair.key : key(at: path.dropFirst(), in: pair.value)
    }

    private static func paths(of code: ErrorCode) -> [[String]] {
        switch code {
        case .imageUnpinned, .imagePull, .imagePlatform, .imagePush, .registryMismatch:
            [["image", "platforms"], ["image"]]
        case .imageBuild: [["build"], ["image", "build"], ["image"]]
        case .missingSecret: [["secrets"]]
        case .inputs: [["smoke", "inputs"], ["inputs"]]
        case .outputDuplicate, .outputMismatch: [["outputs"]]
        case .predicate, .budget: [["predicates"]]
        case .health, .timeout, .badResponse, .wsTimeout, .wsProtocol, .wsClose: [["api"]]
        default: []
        }
    }
}
