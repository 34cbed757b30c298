// RemoteAgentCore
