import CGit2
import FoundationEssentials

/// What one conversation with a remote knows: libgit2's callbacks ask it, on the thread that made the call.
@safe final class RemoteSession {
    /// The ways to get in, each tried once.
    private enum Way {
        case address, helper, agent
        case key(String)
    }

    let access: RemoteAccess
    let flag: CancellationFlag
    /// Whether the address led to another one, which gets to see no credentials.
    private let isRedirected: Bool
    private var ways: [Way]
    private var presented: HelperCredential?
    private(set) var failure: GitError?
    /// Where the pushed reference has to be at the remote.
    private var expected: (reference: String, id: ObjectID?)?
    /// Whether the pushed reference was elsewhere.
    private(set) var hasMoved = false
    /// Why the remote did not move the pushed reference, in its words.
    private(set) var refusal: String?

    init(_ access: RemoteAccess, _ flag: CancellationFlag, isRedirected: Bool = false) {
        self.access = access
        self.flag = flag
        self.isRedirected = isRedirected
        if access.remote.scheme == .ssh {
            let keys = ["id_ed25519", "id_ecdsa", "id_rsa"].compactMap { name in
                access.home.map { "\($0)/.ssh/\(name)" }
            }
            ways =
                (access.hasAgent ? [.agent] : [])
                + keys.filter { FileManager.default.isReadableFile(atPath: $0) }.map(Way.key)
            if access.remote.password != nil { ways.append(.address) }
        } else {
            ways = access.remote.password == nil ? [.helper] : [.address, .helper]
        }
    }

    var isCancelled: Bool { flag.isSet }

    /// The callbacks for libgit2, which must not outlive this session.
    var callbacks: git_remote_callbacks {
        var callbacks = unsafe git_remote_callbacks()
        unsafe git_remote_init_callbacks(&callbacks, UInt32(GIT_REMOTE_CALLBACKS_VERSION))
        unsafe callbacks.payload = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe callbacks.credentials = { out, _, user, allowed, payload in
            guard let payload = unsafe payload else { return -1 }
            let session = unsafe Unmanaged<RemoteSession>.fromOpaque(payload).takeUnretainedValue()
            return unsafe session.acquire(out, user.map { unsafe String(cString: $0) }, allowed)
        }
        unsafe callbacks.transfer_progress = { _, payload in
            guard let payload = unsafe payload else { return -1 }
            return unsafe Unmanaged<RemoteSession>.fromOpaque(payload).takeUnretainedValue().goOn()
        }
        unsafe callbacks.sideband_progress = { _, _, payload in
            guard let payload = unsafe payload else { return -1 }
            return unsafe Unmanaged<RemoteSession>.fromOpaque(payload).takeUnretainedValue().goOn()
        }
        unsafe callbacks.pack_progress = { _, _, _, payload in
            guard let payload = unsafe payload else { return -1 }
            return unsafe Unmanaged<RemoteSession>.fromOpaque(payload).takeUnretainedValue().goOn()
        }
        unsafe callbacks.push_transfer_progress = { _, _, _, payload in
            guard let payload = unsafe payload else { return -1 }
            return unsafe Unmanaged<RemoteSession>.fromOpaque(payload).takeUnretainedValue().goOn()
        }
        unsafe callbacks.push_negotiation = { updates, count, payload in
            guard let payload = unsafe payload, let updates = unsafe updates else { return -1 }
            let session = unsafe Unmanaged<RemoteSession>.fromOpaque(payload).takeUnretainedValue()
            for index in 0..<count {
                guard let update = unsafe updates[index]?.pointee, unsafe session.isExpected(update) else { return -1 }
            }
            return 0
        }
        unsafe callbacks.push_update_reference = { _, words, payload in
            guard let payload = unsafe payload else { return -1 }
            if let words = unsafe words {
                unsafe Unmanaged<RemoteSession>.fromOpaque(payload).takeUnretainedValue().refusal =
                    String(cString: words)
            }
            return 0
        }
        return unsafe callbacks
    }

    /// Notes that something moves; negative when it should end.
    private func goOn() -> CInt {
        flag.noteSign()
        return isCancelled ? -1 : 0
    }

    /// Lets a push go on only if the remote's reference is still here; `nil`: nowhere.
    func expect(_ id: ObjectID?, at reference: String) {
        expected = (reference, id)
    }

    private func isExpected(_ update: git_push_update) -> Bool {
        guard let expected, let name = unsafe update.dst_refname, unsafe String(cString: name) == expected.reference
        else { return false }
        // Of an update, `src` is what the remote has.
        let isNothing = unsafe withUnsafeBytes(of: update.src) { unsafe $0.allSatisfy { $0 == 0 } }
        hasMoved = (isNothing ? nil : unsafe ObjectID(update.src)) != expected.id
        return !hasMoved
    }

    /// The remote let us in.
    func accepted() {
        flag.noteIdle()
        presented?.approve(to: access)
        presented = nil
        flag.noteSign()
    }

    private func acquire(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, _ user: String?, _ allowed: CUnsignedInt
    ) -> CInt {
        if isCancelled { return -1 }
        // Helpers may ask a person, who takes the time that it takes.
        flag.noteIdle()
        defer { flag.noteSign() }
        if isRedirected {
            return refuse(
                "\(access.remote) leads to another address that wants credentials, and they are not sent there:"
                    + " use that address")
        }
        let user = user ?? access.remote.user ?? "git"
        if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 { return unsafe git_credential_username_new(out, user) }
        let hasHelper = presented != nil
        presented?.reject(to: access)
        presented = nil
        while !ways.isEmpty {
            let way = ways.removeFirst()
            if let status = unsafe present(way, out, user, allowed) { return status }
        }
        return refuse(Self.refusal(access, asked: hasHelper))
    }

    /// `nil` when this way has nothing to present.
    private func present(
        _ way: Way, _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, _ user: String,
        _ allowed: CUnsignedInt
    ) -> CInt? {
        let takesKeys = allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0
        let takesPasswords = allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT.rawValue != 0
        switch way {
        case .address where takesPasswords:
            guard let password = access.remote.password else { return nil }
            return unsafe git_credential_userpass_plaintext_new(out, access.remote.user ?? "", password)
        case .helper where takesPasswords:
            guard let credential = HelperCredential(for: access.remote, from: access) else { return nil }
            presented = credential
            return unsafe git_credential_userpass_plaintext_new(out, credential.user, credential.password)
        case .agent where takesKeys: return unsafe git_credential_ssh_key_from_agent(out, user)
        case .key(let path) where takesKeys: return unsafe git_credential_ssh_key_new(out, user, nil, path, nil)
        default: return nil
        }
    }

    private func refuse(_ message: String) -> CInt {
        failure = GitError(.unauthorized, message)
        return GIT_EAUTH.rawValue
    }

    private static func refusal(_ access: RemoteAccess, asked: Bool) -> String {
        let remote = access.remote
        if remote.scheme == .ssh {
            return "\(remote) refuses the keys of the ssh agent and those without a passphrase in ~/.ssh"
        }
        if asked { return "\(remote) refuses the credentials that git's helpers give" }
        if remote.password != nil { return "\(remote) refuses the credentials of its address" }
        if !access.headers.isEmpty { return "\(remote) refuses the header of git's http.extraHeader" }
        return "\(remote) wants credentials, and git's credential helpers have none"
    }
}
