// RemoteAgentTLS
