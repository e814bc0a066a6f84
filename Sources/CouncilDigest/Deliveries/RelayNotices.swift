extension OperatorNotice {
  /// The relay will not have us as we are. The letter that says so leaves once it does again.
  static func relayRefusesUs(_ problem: String) -> OperatorNotice {
    OperatorNotice(
      subject: "The mail relay refuses us",
      sentences: [
        "It said: \(problem)",
        "No letter left since, and nothing is lost: they wait, and the relay is asked again every five minutes.",
        "Check mail.smtp.username, mail.smtp.password and mail.smtp.tls.",
      ],
      command: "council-digest check"
    )
  }

  /// It has been away for more than a moment.
  static func mailCannotLeave(_ problem: String) -> OperatorNotice {
    OperatorNotice(
      subject: "Mail could not leave for a while",
      sentences: [
        "The relay could not be used: \(problem)",
        "Nothing is lost: letters waited, and the relay was asked again. As you read this, this letter came through.",
      ],
      command: "council-digest check"
    )
  }
}
