import HTTPServer
import HTTPTypes
import Logging

/// One line for each answer. It names the route's pattern, not the path, and no address: paths hold the tokens of mailed
/// links, and who reads what is nobody's business.
struct AccessLog: Sendable {
  let log: Logger
  let level: Logger.Level

  func callAsFunction(_ answered: AnsweredRequest) {
    log.log(
      level: level,
      "http.request",
      metadata: [
        "id": "\(answered.id)", "method": "\(answered.method?.rawValue ?? "-")", "route": "\(answered.label)",
        "status": "\(answered.status)", "bytes": "\(answered.bytes)",
        "us":
          "\(answered.duration.components.attoseconds / 1_000_000_000_000 + answered.duration.components.seconds * 1_000_000)",
      ]
    )
  }
}
