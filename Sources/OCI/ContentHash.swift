import DeploymentModel

import struct Crypto.SHA256

/// The SHA-256 of bytes that come in pieces, as the digest that OCI content is named by.
struct ContentHash {
    private var hash = SHA256()

    /// The digest of bytes that are all there.
    static func digest(of bytes: [UInt8]) -> Digest {
        var hash = ContentHash()
        hash.update(bytes)
        return hash.finish()
    }

    mutating func update(_ bytes: [UInt8]) {
        hash.update(data: bytes)
    }

    func finish() -> Digest {
        Digest(bytes: Array(hash.finalize()))
    }
}
