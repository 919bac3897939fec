import DeploymentModel
import JSON

/// One line to the driver. Its description shows the operation alone: fields may hold values of secrets.
struct DriverRequest: Sendable, CustomStringConvertible, CustomReflectable {
    let operation: String
    let fields: [String: JSONValue]
    /// The values of secrets among the fields.
    let secrets: [String]

    init(_ operation: String, _ fields: [String: JSONValue], secrets: [String] = []) {
        self.operation = operation
        self.fields = fields
        self.secrets = secrets
    }

    func line(id: Int) -> String {
        var members = fields
        members["id"] = .integer(Int64(id))
        members["op"] = .string(operation)
        return JSONValue.object(members).compact
    }

    var description: String { operation }
    var customMirror: Mirror { Mirror(self, children: ["operation": operation]) }
}
