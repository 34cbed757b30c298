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
#include <openssl/params.h>
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

static inline long ra_SSL_CTX_set_session_cache_client(SSL_CTX *context) {
  return SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
}

static inline void ra_OPENSSL_free(void *memory) { OPENSSL_free(memory); }

static inline long ra_SSL_CTX_add_extra_chain_cert(SSL_CTX *context, X509 *certificate) {
  return SSL_CTX_add_extra_chain_cert(context, certificate);
}

static inline long ra_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
  return SSL_set_tlsext_host_name(ssl, name);
}

static inline size_t ra_BIO_pending(BIO *bio) { return BIO_ctrl_pending(bio); }

static inline void ra_BIO_set_mem_eof_return(BIO *bio, int value) { BIO_set_mem_eof_return(bio, value); }

static inline void ra_GENERAL_NAMES_free(OPENSSL_STACK *names) { GENERAL_NAMES_free((GENERAL_NAMES *)names); }

// The bytes of a DNS name or an address; NULL for a name of another kind.
static inline const unsigned char *ra_GENERAL_NAMES_value(
    const OPENSSL_STACK *names, int index, int *is_address, size_t *length) {
  const GENERAL_NAME *name = (const GENERAL_NAME *)OPENSSL_sk_value(names, index);
  if (name == NULL || (name->type != GEN_DNS && name->type != GEN_IPADD)) return NULL;
  const ASN1_STRING *string = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
  *is_address = name->type == GEN_IPADD;
  *length = (size_t)ASN1_STRING_length(string);
  return ASN1_STRING_get0_data(string);
}

static inline int ra_EVP_CIPHER_CTX_ctrl_tag(EVP_CIPHER_CTX *context, int set, void *tag) {
  return EVP_CIPHER_CTX_ctrl(context, set ? EVP_CTRL_AEAD_SET_TAG : EVP_CTRL_AEAD_GET_TAG, 16, tag);
}

static inline EVP_PKEY *ra_EC_P256_generate(void) { return EVP_EC_gen("P-256"); }

// A P-256 key of an uncompressed point and, for a private one, its scalar; NULL if the point is not on the curve. Here and
// not in Swift, since OSSL_PARAM keeps the pointers it is given.
static inline EVP_PKEY *ra_EC_P256_key(const unsigned char point[65], const BIGNUM *scalar) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM *parameters = NULL;
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  if (builder && context && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
      OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 65) &&
      (!scalar || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar)) &&
      (parameters = OSSL_PARAM_BLD_to_param(builder)) && EVP_PKEY_fromdata_init(context) == 1 &&
      EVP_PKEY_fromdata(context, &key, scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, parameters) == 1) {
    EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (!check || EVP_PKEY_public_check(check) != 1) {
      EVP_PKEY_free(key);
      key = NULL;
    }
    EVP_PKEY_CTX_free(check);
  } else {
    EVP_PKEY_free(key);
    key = NULL;
  }
  // It frees what it holds without overwriting it.
  OSSL_PARAM *secret = parameters ? OSSL_PARAM_locate(parameters, OSSL_PKEY_PARAM_PRIV_KEY) : NULL;
  if (secret) OPENSSL_cleanse(secret->data, secret->data_size);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  EVP_PKEY_CTX_free(context);
  return key;
}
