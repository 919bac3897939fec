/// The two ways in which `theory.run.v1` is spoken.
package enum RunDialect: String, Hashable, Sendable, Codable {
    /// `RunOpen` → `Ack` → events → `RunResult`.
    case run
    /// `Request` → `Ack` → events → `Response`, as newer processors do.
    case request
}
