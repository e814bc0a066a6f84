import Foundation

/// Where a request came from, as coarse as a rate limit needs it: an IPv4 address, or the /64 of an IPv6 address.
struct ClientNetwork: Equatable, Sendable {
  var text: String

  init(address: String) {
    guard let parsed = InternetAddress(address), !parsed.isIPv4 else {
      text = InternetAddress(address)?.text ?? address
      return
    }
    text = Data(parsed.bytes.prefix(8)).hexadecimal + "::/64"
  }
}
