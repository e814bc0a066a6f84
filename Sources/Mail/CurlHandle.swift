import CCurl

/// libcurl can't be set up as configured.
public struct CurlSetupError: Error, CustomStringConvertible, Sendable {
  public var problem: String
  public var description: String { "libcurl: \(problem)" }
}

/// Owns a libcurl easy handle: opened in `init`, closed in `deinit`, which says goodbye to the server.
final class CurlHandle {
  let pointer: UnsafeMutableRawPointer

  /// Once per process, before any other thread can be inside libcurl.
  private static let globalResult = ccurl_global_init()

  /// - Throws: `CurlSetupError`.
  init() throws {
    guard Self.globalResult == CURLE_OK, let pointer = curl_easy_init() else {
      throw CurlSetupError(problem: "it can't start")
    }
    self.pointer = pointer
  }

  deinit { curl_easy_cleanup(pointer) }

  func set(_ option: CURLoption, _ value: String) throws { try check(ccurl_set_string(pointer, option, value)) }

  func set(_ option: CURLoption, _ value: Int) throws { try check(ccurl_set_long(pointer, option, value)) }

  func long(_ field: CURLINFO) -> Int {
    var value = 0
    ccurl_get_long(pointer, field, &value)
    return value
  }

  /// How a host stands in a URL.
  static func authority(_ host: String, _ port: Int) -> String {
    "\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }

  private func check(_ result: CURLcode) throws {
    guard result == CURLE_OK else { throw CurlSetupError(problem: String(cString: curl_easy_strerror(result))) }
  }
}
