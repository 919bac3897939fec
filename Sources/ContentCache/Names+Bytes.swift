package import DeploymentModel

/// Names and addresses as bytes.
extension ByteWriter {
    package mutating func put(_ ref: ProcessorRef) { put(ref.description) }

    package mutating func put(_ digest: Digest) { put(raw: digest.bytes) }

    package mutating func put(_ key: InputKey) { put(key.digest) }

    package mutating func put(_ platform: Platform) { put(platform == .arm64) }

    package mutating func put(_ image: ImageReference) {
        put(image.registry)
        put(image.path)
        put(image.tag) { $0.put($1) }
        put(image.digest) { $0.put($1) }
    }

    package mutating func put<Value>(
        _ values: [Platform: Value], _ body: (inout ByteWriter, Value) -> Void
    ) {
        put(values.sorted { $0.key < $1.key }) { writer, pair in
            writer.put(pair.key)
            body(&writer, pair.value)
        }
    }
}

extension ByteReader {
    package mutating func ref() throws(Malformed) -> ProcessorRef {
        guard let ref = try? ProcessorRef(try text()) else { throw Malformed() }
        return ref
    }

    package mutating func digest() throws(Malformed) -> Digest { Digest(bytes: try raw(32)) }

    package mutating func key() throws(Malformed) -> InputKey { InputKey(try digest()) }

    @inlinable package mutating func platform() throws(Malformed) -> Platform {
        try bool() ? .arm64 : .amd64
    }

    package mutating func image() throws(Malformed) -> ImageReference {
        ImageReference(
            registry: try text(), path: try text(),
            tag: try optional { (reader) throws(Malformed) in try reader.text() },
            digest: try optional { (reader) throws(Malformed) in try reader.digest() })
    }

    @inlinable @inline(__always) package mutating func platforms<Value>(
        _ body: (inout ByteReader) throws(Malformed) -> Value
    ) throws(Malformed) -> [Platform: Value] {
        let count = try count()
        var values = [Platform: Value](minimumCapacity: count)
        for _ in 0..<count { values[try platform()] = try body(&self) }
        return values
    }
}
