import Testing

extension Tag {
    /// Pure.
    @Tag static var small: Self
    /// Files and processes.
    @Tag static var medium: Self
    /// The stand-in of Modal's control plane, and Modal's SDK.
    @Tag static var large: Self
}
