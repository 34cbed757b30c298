// RemoteAgentClient
