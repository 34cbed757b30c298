import RemoteAgentCore
import Testing

/// Lines as claude 2.1.330 prints them, shortened.
enum ClaudeLines {
  static let initialized =
    #"{"type":"control_response","response":{"subtype":"success","request_id":"ra-initialize","response":{"commands":[{"name":"verify","description":"Verify {that","argumentHint":"","builtin":true}]}}}"#
  static let initialization =
    #"{"type":"system","subtype":"init","cwd":"/tmp/probe","session_id":"6492c2c6","tools":["Task","Bash"],"mcp_servers":[],"model":"claude-opus-5-5","user_message_uuids":["u-1"]}"#

  static func lifecycle(_ state: String, of id: String = "u-1") -> String {
    #"{"type":"command_lifecycle","command_uuid":"\#(id)","state":"\#(state)","uuid":"c103cacd","session_id":"6492c2c6"}"#
  }

  static func replay(of id: String = "u-1") -> String {
    #"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"tool:touch zzz"}]},"session_id":"6492c2c6","parent_tool_use_id":null,"uuid":"\#(id)","timestamp":"2026-11-27T14:23:09.074Z","isReplay":true}"#
  }

  static let said =
    #"{"type":"assistant","message":{"id":"msg_fake36","type":"message","role":"assistant","content":[{"type":"tool_use","id":"toolu_fake37","name":"Bash","input":{"command":"touch zzz","description":"fake"}}],"stop_reason":null},"parent_tool_use_id":null,"session_id":"6492c2c6"}"#
  static let gave =
    #"{"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_fake37","type":"tool_result","content":"(Bash completed with no output)","is_error":false}]},"parent_tool_use_id":null,"session_id":"6492c2c6","uuid":"9ab14440"}"#

  static func question(_ id: String = "026fce2d", input: String = #"{"command":"touch zzz","description":"fake"}"#)
    -> String
  {
    #"{"type":"control_request","request_id":"\#(id)","request":{"subtype":"can_use_tool","tool_name":"Bash","display_name":"Bash","input":\#(input),"description":"fake","permission_suggestions":[{"type":"addRules","rules":[{"toolName":"Bash","ruleContent":"touch zzz *"}],"behavior":"allow","destination":"localSettings"}],"blocked_path":"/tmp/probe/zzz","tool_use_id":"toolu_fake37"}}"#
  }

  static func result(
    isError: Bool = false, subtype: String = "success", text: String? = "DONE", errors: String? = nil,
    reason: String = "completed", prompt: String? = "u-1"
  ) -> String {
    #"{"duration_api_ms":94,"stop_reason":"end_turn","session_id":"6492c2c6","usage":{"input_tokens":22,"is_error":true},"permission_denials":[],"terminal_reason":"\#(reason)","is_error":\#(isError),"num_turns":2,"subtype":"\#(subtype)","#
      + (text.map { #""result":"\#($0)","# } ?? "") + (errors.map { #""errors":\#($0),"# } ?? "")
      + (prompt.map { #""user_message_uuid":"\#($0)","user_message_uuids":["\#($0)"],"# } ?? "")
      + #""type":"result","duration_ms":2367,"uuid":"d8711db6","result_index":0}"#
  }

  static let aborted = result(
    isError: true, subtype: "error_during_execution", text: nil,
    errors: #"["[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null"]"#,
    reason: "aborted_streaming")
}

extension DialogueTalk {
  /// With claude, which is ready.
  static func claude(asks: Bool = true, step: Int = .max) -> DialogueTalk {
    var talk = DialogueTalk(.claude, .drives(folder: "/tmp/probe", asks: asks), step: step)
    let initialize = #"{"type":"control_request","request_id":"ra-initialize","request":{"subtype":"initialize"}}"#
    #expect(talk.started() == [.line(initialize)])
    #expect(!talk.dialogue.isReady)
    #expect(talk.hear(ClaudeLines.initialized) == [])
    #expect(talk.dialogue.isReady)
    return talk
  }

  /// With claude, which has a prompt.
  static func claudeInTurn(asks: Bool = true) -> DialogueTalk {
    var talk = claude(asks: asks)
    _ = talk.send("go", "u-1")
    #expect(talk.hear(ClaudeLines.lifecycle("queued")) == [.took(prompt: "u-1")])
    return talk
  }
}
