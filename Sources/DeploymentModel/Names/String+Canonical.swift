#if canImport(Darwin)
    import Foundation
#else
    // The standard library normalises for comparing strings and shows it to Foundation only. That one would add 44 MB.
    @_spi(_Unicode) import Swift
#endif

extension String {
    /// The string in Unicode normalisation form C.
    var canonicallyComposed: String {
        #if canImport(Darwin)
            precomposedStringWithCanonicalMapping
        #else
            var scalars = UnicodeScalarView()
            scalars.append(contentsOf: _nfc)
            return String(scalars)
        #endif
    }
}
