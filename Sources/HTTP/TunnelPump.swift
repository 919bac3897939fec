import CCurl

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Moves bytes between a connection that libcurl has made and one end of a pair of sockets. Lives on one thread.
///
/// Back-pressure: a direction holds one piece, and takes the next when that has gone.
@safe struct TunnelPump: ~Copyable {
    /// The end for whoever wanted the tunnel, who owns it once told of it.
    let farEnd: Int32
    private let nearEnd: Int32
    /// libcurl's handle, which its owner keeps until the pump has stopped, and the socket of its connection.
    private let host: UnsafeMutableRawPointer
    private let hostSocket: Int32

    /// From the host to the owner of the far end, and back.
    private var inward = TunnelBuffer()
    private var outward = TunnelBuffer()
    /// Until the host has ended, or the owner has gone.
    private var inwardIsOpen = true
    /// Everything that the owner wrote has been read.
    private var ownerHasEnded = false
    /// Set when the owner has gone: how long the host has for taking what is left.
    private var end: ContinuousClock.Instant?

    private static let patience = Duration.seconds(1)

    /// Makes the pair; `nil` when there can be none.
    init?(_ easy: borrowing EasyHandle) {
        var socket = curl_socket_t(-1)
        var pair: [Int32] = [-1, -1]
        #if canImport(Darwin)
            let type = SOCK_STREAM
        #else
            let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        #endif
        guard unsafe ccurl_info_socket(easy.pointer, &socket) == CURLE_OK, socket >= 0,
            unsafe socketpair(AF_UNIX, type, 0, &pair) == 0
        else { return nil }
        unsafe host = easy.pointer
        hostSocket = socket
        nearEnd = pair[0]
        farEnd = pair[1]
        for descriptor in pair {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
    }

    deinit { close(nearEnd) }

    /// For where nobody was told of it.
    func closeFarEnd() { close(farEnd) }

    /// Returns when the owner has closed its end and the host has what was written before.
    mutating func run() {
        while true {
            moveInward()
            moveOutward()
            if ownerHasEnded, outward.isEmpty { return }
            guard waitForReadiness() else { return }
        }
    }

    /// From the host to the owner, until either has to be waited for.
    private mutating func moveInward() {
        while inwardIsOpen {
            if inward.isEmpty {
                switch unsafe inward.fill(from: unsafe Self.receiving(host)) {
                case .moved: break
                case .mustWait: return
                case .ended:
                    inwardIsOpen = false
                    shutdown(nearEnd, Int32(SHUT_WR))
                    return
                }
            }
            switch unsafe inward.drain(to: Self.writing(nearEnd)) {
            case .moved: break
            case .mustWait: return
            case .ended: ownerIsGone()
            }
        }
    }

    /// From the owner to the host, likewise.
    private mutating func moveOutward() {
        while true {
            if outward.isEmpty {
                if ownerHasEnded { return }
                switch unsafe outward.fill(from: Self.reading(nearEnd)) {
                case .moved: break
                case .mustWait: return
                case .ended:
                    ownerHasEnded = true
                    return ownerIsGone()
                }
            }
            switch unsafe outward.drain(to: unsafe Self.sending(host)) {
            case .moved: break
            case .mustWait: return
            case .ended: outward.clear()  // Nobody will ever take it.
            }
        }
    }

    private mutating func ownerIsGone() {
        inwardIsOpen = false
        end = end ?? .now + Self.patience
    }

    /// False when waiting longer is no use.
    private mutating func waitForReadiness() -> Bool {
        // Without events too: that the owner has gone is to be learnt at once, even while nothing may be read from it.
        var owner = pollfd(fd: end != nil && !outward.isEmpty ? -1 : nearEnd, events: 0, revents: 0)
        if outward.isEmpty { owner.events |= Int16(POLLIN) }
        if inwardIsOpen, !inward.isEmpty { owner.events |= Int16(POLLOUT) }
        var host = pollfd(fd: -1, events: 0, revents: 0)
        if inwardIsOpen, inward.isEmpty { host.events |= Int16(POLLIN) }
        if !outward.isEmpty { host.events |= Int16(POLLOUT) }
        if host.events != 0 { host.fd = hostSocket }
        var both = [owner, host]
        let count = unsafe poll(&both, 2, timeout)
        if both[0].revents & Int16(POLLHUP) != 0 { ownerIsGone() }
        return count > 0 || (count < 0 && errno == EINTR)
    }

    /// In milliseconds; -1 for ever.
    private var timeout: Int32 {
        guard let end else { return -1 }
        return Int32(max(.zero, end - .now) / .milliseconds(1)) + 1
    }

    // MARK: The four calls

    private static func receiving(
        _ host: UnsafeMutableRawPointer
    ) -> (UnsafeMutableRawBufferPointer) -> TunnelBuffer.Call {
        { bytes in
            var count = 0
            let code = unsafe curl_easy_recv(host, bytes.baseAddress, bytes.count, &count)
            return code == CURLE_OK && count > 0 ? .moved(count) : code == CURLE_AGAIN ? .mustWait : .ended
        }
    }

    private static func sending(_ host: UnsafeMutableRawPointer) -> (UnsafeRawBufferPointer) -> TunnelBuffer.Call {
        { bytes in
            var count = 0
            let code = unsafe curl_easy_send(host, bytes.baseAddress, bytes.count, &count)
            return code == CURLE_OK ? .moved(count) : code == CURLE_AGAIN ? .mustWait : .ended
        }
    }

    private static func reading(_ socket: Int32) -> (UnsafeMutableRawBufferPointer) -> TunnelBuffer.Call {
        { bytes in .init(unsafe recv(socket, bytes.baseAddress, bytes.count, 0)) }
    }

    /// SIGPIPE is blocked on this thread.
    private static func writing(_ socket: Int32) -> (UnsafeRawBufferPointer) -> TunnelBuffer.Call {
        { bytes in .init(unsafe write(socket, bytes.baseAddress, bytes.count)) }
    }
}
