import Testing

extension Tag {
    /// Pure.
    @Tag static var small: Self
    /// Files, processes, loopback connections.
    @Tag static var medium: Self
}
