import Foundation

/// What Amazon's mail service tells by e-mail: a line of JSON in a text.
enum ProviderNotice {
  private static let maximumBytes = 100_000
  private static let maximumRecipients = 20

  private struct Notice: Decodable {
    struct Recipient: Decodable {
      var emailAddress: String
      var status: String?
      var diagnosticCode: String?
    }

    struct Bounce: Decodable {
      var bounceType: String
      var bouncedRecipients: [Recipient]
    }

    struct Complaint: Decodable {
      var complainedRecipients: [Recipient]
      var complaintFeedbackType: String?
    }

    struct Field: Decodable {
      var name: String
      var value: String
    }

    struct Mail: Decodable {
      var messageId: String
      var headers: [Field]?
    }

    var notificationType: String
    var bounce: Bounce?
    var complaint: Complaint?
    var mail: Mail
  }

  /// Raw delivery leaves this out.
  private struct Envelope: Decodable {
    var message: String

    enum CodingKeys: String, CodingKey {
      case message = "Message"
    }
  }

  /// Nil when the message is none; no reports when it tells of a delivery.
  static func read(_ root: MIMEPart) -> (reports: [BounceReport], messageIDs: [String])? {
    guard root.first("x-amz-sns-message-id") != nil,
      let start = root.body.firstIndex(of: UInt8(ascii: "{")), let end = root.body.lastIndex(of: UInt8(ascii: "}")),
      start < end, end - start < maximumBytes
    else { return nil }
    // The line is longer than mail allows, so some server broke it.
    let json = Data(root.body[start...end].filter { $0 != 0x0A })
    let inner = (try? JSONDecoder().decode(Envelope.self, from: json)).map { Data($0.message.utf8) }
    guard let notice = try? JSONDecoder().decode(Notice.self, from: inner ?? json) else { return nil }
    let bounced = notice.bounce?.bouncedRecipients.map { recipient in
      let status = recipient.status.flatMap { BounceStatus.find(in: $0) }
      let isTransient = status.map { $0.first == "4" } ?? (notice.bounce?.bounceType == "Transient")
      return BounceReport(
        kind: isTransient ? .soft : .hard,
        status: status,
        recipient: recipient.emailAddress,
        diagnostic: recipient.diagnosticCode ?? ""
      )
    }
    let complained = notice.complaint?.complainedRecipients.map { recipient in
      BounceReport(
        kind: .complaint,
        recipient: recipient.emailAddress,
        diagnostic: "feedback: \(notice.complaint?.complaintFeedbackType ?? "complaint")"
      )
    }
    let own = notice.mail.headers?.filter { $0.name.lowercased() == "message-id" }.map(\.value) ?? []
    let reports = (bounced ?? complained ?? []).prefix(maximumRecipients)
    return (Array(reports), own.flatMap(BounceText.bracketed) + [notice.mail.messageId])
  }
}
