import CCurl

/// Owner of one libcurl transfer handle and of everything that libcurl borrows from it: header list and error text.
@safe struct EasyHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>

    init?() {
        guard let pointer = unsafe curl_easy_init() else { return nil }
        unsafe self.pointer = unsafe pointer
        unsafe headers = nil
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        unsafe ccurl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText)
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe curl_slist_free_all(headers)
        unsafe errorText.deallocate()
    }

    /// What libcurl says about the last failure.
    var lastError: String {
        unsafe String(cString: errorText)
    }

    /// Sets a number or a switch.
    ///
    /// - Returns: whether libcurl knows the option; callers that can do without ignore it.
    @discardableResult
    func set(_ option: CURLoption, _ value: Int) -> Bool {
        unsafe ccurl_set_long(pointer, option, value) == CURLE_OK
    }

    /// Sets a text, which libcurl copies.
    @discardableResult
    func set(_ option: CURLoption, _ value: String) -> Bool {
        unsafe ccurl_set_string(pointer, option, value) == CURLE_OK
    }

    /// Sets the length of the body to be sent.
    func setUploadLength(_ length: Int64) {
        unsafe ccurl_set_offset(pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(length))
    }

    /// Adds header lines in libcurl's spelling (`Name: value`, `Name;` for an empty one, `Name:` to suppress its own).
    mutating func setHeaders(_ lines: [String]) {
        for line in lines {
            if let longer = unsafe curl_slist_append(headers, line) { unsafe headers = unsafe longer }
        }
        unsafe ccurl_set_list(pointer, CURLOPT_HTTPHEADER, headers)
    }

    /// How long after the start the connection was ready for this request; `nil` before that.
    var timeToConnection: Duration? {
        var microseconds: curl_off_t = 0
        guard unsafe ccurl_info_offset(pointer, CURLINFO_PRETRANSFER_TIME_T, &microseconds) == CURLE_OK,
            microseconds > 0
        else { return nil }
        return .microseconds(microseconds)
    }
}
