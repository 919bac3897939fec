import Testing

extension Tag {
    /// Pure.
    @Tag static var small: Self
    /// Files, processes, loopback connections.
    @Tag static var medium: Self
    /// A real Docker engine and a real OCI registry.
    @Tag static var large: Self
}
