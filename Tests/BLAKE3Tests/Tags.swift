import Testing

extension Tag {
    /// Pure.
    @Tag static var small: Self
    /// Files.
    @Tag static var medium: Self
}
