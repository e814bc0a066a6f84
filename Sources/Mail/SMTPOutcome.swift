import CCurl

/// Reads the outcome of a transfer from libcurl's result, the last reply code and the conversation. A pure decision:
/// the cases were measured against libcurl 7.88.1, one by one.
func outcome(of result: CURLcode, lastCode: Int, _ conversation: SMTPConversation) -> SendOutcome {
  if result == CURLE_OK { return .sent }
  let problem = problem(of: result, lastCode: lastCode, conversation)

  if conversation.sawStartOfData, conversation.handedOverEverything {
    // What another connection says as it is closed, like 221 to QUIT, comes in the same way; but for libcurl it is no
    // reply of this transfer.
    guard let reply = conversation.replyToData, reply.code == lastCode else { return .uncertain(problem) }
    switch reply.code {
    // libcurl takes only 250 for success; another 2xx to the end of data is success all the same.
    case 200..<300: return .sent
    case 421: return .interrupted(reply.text)
    case 400..<500: return .refused(reply, isPermanent: false)
    case 500..<600: return .refused(reply, isPermanent: true)
    default: return .uncertain(problem)
    }
  }

  // Not all of the letter left, so it was not accepted; the question is only who is to blame.
  switch result {
  case CURLE_LOGIN_DENIED where (400..<500).contains(lastCode): return .relayTrouble(problem)
  case CURLE_LOGIN_DENIED, CURLE_USE_SSL_FAILED, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
    return .relayRefusesUs(problem)
  case CURLE_SEND_ERROR where isAboutTheLetter(lastCode, conversation):
    return .refused(conversation.reply(for: lastCode), isPermanent: lastCode >= 500)
  default: return conversation.wasSenderAccepted ? .interrupted(problem) : .relayTrouble(problem)
  }
}

/// What libcurl calls a failure, and the relay's words where it said any.
func problem(of result: CURLcode, lastCode: Int, _ conversation: SMTPConversation) -> String {
  [String(cString: curl_easy_strerror(result)), conversation.diagnostic(for: lastCode)].filter { !$0.isEmpty }
    .joined(separator: " ")
}

/// A 4xx or 5xx to RCPT or DATA is about this letter, and so is a refusal of its size; any other refusal of MAIL
/// would meet every letter, and 421 is always the relay's own trouble.
private func isAboutTheLetter(_ code: Int, _ conversation: SMTPConversation) -> Bool {
  guard (400..<600).contains(code), code != 421 else { return false }
  return conversation.wasSenderAccepted || code == 552
}
