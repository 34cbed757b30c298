// The OpenSSL headers, and functions for what they offer only as macros.
#pragma once
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline int ra_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
  return SSL_CTX_set_min_proto_version(context, version);
}

static inline long ra_SSL_CTX_set_mode(SSL_CTX *context) {
  return SSL_CTX_set_mode(
      context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

static inline uint64_t ra_SSL_CTX_set_options(SSL_CTX *context) {
  return SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
}

static inline long ra_SSL_CTX_set_session_cache_off(SSL_CTX *context) {
  return SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline long ra_SSL_CTX_add_extra_chain_cert(SSL_CTX *context, X509 *certificate) {
  return SSL_CTX_add_extra_chain_cert(context, certificate);
}

static inline long ra_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
  return SSL_set_tlsext_host_name(ssl, name);
}

static inline size_t ra_BIO_pending(BIO *bio) { return BIO_ctrl_pending(bio); }

static inline void ra_BIO_set_mem_eof_return(BIO *bio, int value) { BIO_set_mem_eof_return(bio, value); }

static inline size_t ra_BIO_mem_data(BIO *bio, char **data) {
  long length = BIO_get_mem_data(bio, data);
  return length > 0 ? (size_t)length : 0;
}

static inline int ra_EVP_CIPHER_CTX_ctrl_tag(EVP_CIPHER_CTX *context, int set, void *tag) {
  return EVP_CIPHER_CTX_ctrl(context, set ? EVP_CTRL_AEAD_SET_TAG : EVP_CTRL_AEAD_GET_TAG, 16, tag);
}

static inline EVP_PKEY *ra_EC_P256_generate(void) { return EVP_EC_gen("P-256"); }

static inline int ra_EVP_PKEY_PUBLIC_KEY(void) { return EVP_PKEY_PUBLIC_KEY; }

static inline int ra_EVP_PKEY_KEYPAIR(void) { return EVP_PKEY_KEYPAIR; }
