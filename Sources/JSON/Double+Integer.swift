extension Double {
    /// The integer that this number is; `nil` if it has a fraction or is outside 64 bits.
    ///
    /// Not `Int64(exactly:)`: optimised, that calls the C library's `trunc`, and this module links none of it.
    var exactInteger: Int64? {
        guard self >= -0x1p63, self < 0x1p63 else { return nil }
        let integer = Int64(self)
        return Double(integer) == self ? integer : nil
    }
}
