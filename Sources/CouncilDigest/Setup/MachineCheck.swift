import Foundation

/// What `check` looks at beside mail and store: room, clock, the public address, the published key, backups.
struct MachineCheck {
  let configuration: Configuration
  var textRecords: (String) -> TextRecords.Answer = { TextRecords()($0) }
  var now = Date()

  typealias Finding = SelfCheck.Finding

  func findings() -> [Finding] { [disk, clock, publicURL, publishedKey, backups].compactMap(\.self) }

  private var folder: String { URL(filePath: configuration.storePath).deletingLastPathComponent().path }
  private var storeBytes: Int {
    (try? FileManager.default.attributesOfItem(atPath: configuration.storePath)[.size] as? Int) ?? 0
  }

  private static let leastBytes = 268_435_456

  private var disk: Finding? {
    var status = statvfs()
    let place = FileManager.default.fileExists(atPath: folder) ? folder : "."
    guard statvfs(place, &status) == 0 else { return nil }
    let free = Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    let wanted = max(Self.leastBytes, storeBytes / 4)
    return Finding(
      subject: "disk: \(free / 1_048_576) MB free",
      problem: free < wanted ? "it should be \(wanted / 1_048_576) MB or more" : nil
    )
  }

  /// A schedule and links that expire need a clock that is right.
  private var clock: Finding {
    let subject = "clock: \(RFC3339.format(now)), \(configuration.site.timeZone.identifier)"
    let written = [configuration.storePath, configuration.storePath + "-wal"].compactMap { path in
      try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }.max()
    guard let written, written > now.addingTimeInterval(120) else { return Finding(subject: subject) }
    return Finding(
      subject: subject,
      problem: "the store was written at \(RFC3339.format(written)), which is yet to come"
    )
  }

  private var publicURL: Finding {
    let subject = "public address \(configuration.site.publicURL)"
    let host = URL(string: configuration.site.publicURL)?.host() ?? ""
    guard !["localhost", "127.0.0.1", "::1", "[::1]"].contains(host) else {
      return Finding(subject: subject, note: "only this machine reaches it; set site.public_url before others sign up")
    }
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, nil, &found)
    if let found { freeaddrinfo(found) }
    guard code == 0 else { return Finding(subject: subject, problem: "there is no address for \(host)") }
    let note = configuration.site.isSecure ? nil : "without TLS; mail programs ignore one-click unsubscribing over http"
    return Finding(subject: subject, note: note)
  }

  private var publishedKey: Finding? {
    guard configuration.mail.dkim.keyFile != nil, let signer = try? configuration.mail.dkim.signer() else { return nil }
    let record = signer.dnsRecord
    let subject = "published key at \(record.name)"
    switch textRecords(record.name) {
    case .found(let texts) where texts.contains(where: { Self.key(of: $0) == Self.key(of: record.text) }):
      return Finding(subject: subject)
    case .found: return Finding(subject: subject, problem: "there is another key; it should be \(record.text)")
    case .none: return Finding(subject: subject, problem: "there is none; publish \(record.text)")
    case .unknown(let reason):
      return Finding(subject: subject, note: "not looked up: \(reason). It should be \(record.text)")
    }
  }

  /// The `p=` of a record (RFC 6376 §3.6.1), in which spaces mean nothing.
  private static func key(of record: String) -> String? {
    record.split(separator: ";").map { $0.filter { !$0.isWhitespace } }.first { $0.hasPrefix("p=") }
  }

  private var backups: Finding {
    guard configuration.backupTime != nil else {
      return Finding(subject: "backups", note: "none are made by themselves; set backup.time")
    }
    let newest = try? configuration.backupFolder.backups().last?.takenAt
    return Finding(
      subject: "backups in \(configuration.backupFolder.path)",
      note: newest.map { "the newest is of \(RFC3339.format($0))" } ?? "there is none yet"
    )
  }
}
