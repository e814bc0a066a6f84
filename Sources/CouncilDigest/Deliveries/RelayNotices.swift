extension OperatorNotice {
  /// The relay does not let us log in. The letter that says so leaves once it does again, or by hand.
  static func loginRefused(_ problem: String) -> OperatorNotice {
    OperatorNotice(
      subject: "The mail relay refused our login",
      sentences: [
        "It said: \(problem)",
        "No letter left since, and nothing is lost: they wait, and the relay is asked again every five minutes.",
        "Check mail.smtp.username and mail.smtp.password.",
      ],
      command: "council-digest check"
    )
  }
}
