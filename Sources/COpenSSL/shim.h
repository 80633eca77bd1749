// What the Fleet target uses of OpenSSL 3, which it loads only where a fleet is configured: nothing links against it, since
// that would cost every start some milliseconds. Nothing else imports this module.
#pragma once

#include <features.h>
#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

#define OPENSSL_FUNCTIONS(X) \
  X(TLS_client_method) X(TLS_server_method) X(SSL_CTX_new) X(SSL_CTX_free) X(SSL_CTX_ctrl) X(SSL_CTX_set_options) \
  X(SSL_CTX_set_num_tickets) X(SSL_CTX_set_ciphersuites) X(SSL_CTX_set_psk_use_session_callback) \
  X(SSL_CTX_set_psk_find_session_callback) X(SSL_CTX_set_verify) X(SSL_new) X(SSL_free) X(SSL_set_connect_state) \
  X(SSL_set_accept_state) X(SSL_set_bio) X(SSL_do_handshake) X(SSL_read) X(SSL_write) X(SSL_get_error) X(SSL_ctrl) \
  X(SSL_set_ex_data) X(SSL_get_ex_data) X(SSL_SESSION_new) X(SSL_SESSION_free) X(SSL_SESSION_set1_master_key) \
  X(SSL_SESSION_set_cipher) X(SSL_SESSION_set_protocol_version) X(SSL_SESSION_get0_cipher) X(SSL_CIPHER_find) \
  X(SSL_CIPHER_get_handshake_digest) X(SSL_session_reused) X(BIO_new) X(BIO_s_mem) X(BIO_read) X(BIO_write) \
  X(BIO_ctrl_pending) X(ERR_get_error) X(ERR_clear_error) X(ERR_error_string_n) X(EVP_sha256) X(EVP_Digest) X(HMAC)

// One field for each function, of the function's own type.
struct openssl {
#define OPENSSL_FIELD(name) __typeof__(&name) name;
  OPENSSL_FUNCTIONS(OPENSSL_FIELD)
#undef OPENSSL_FIELD
};

// Finds all of them in the libraries that are there; what is missing otherwise.
static inline const char *_Nullable openssl_load(struct openssl *_Nonnull functions) {
  void *crypto = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_GLOBAL);
  if (!crypto) return "libcrypto.so.3";
  void *ssl = dlopen("libssl.so.3", RTLD_NOW | RTLD_GLOBAL);
  if (!ssl) return "libssl.so.3";
#define OPENSSL_FIND(name) \
  functions->name = (__typeof__(&name))dlsym(ssl, #name); \
  if (!functions->name) return #name;
  OPENSSL_FUNCTIONS(OPENSSL_FIND)
#undef OPENSSL_FIND
  return 0;
}

// These are macros around SSL_CTX_ctrl in OpenSSL's headers.
static inline long openssl_only_tls13(struct openssl *_Nonnull functions, SSL_CTX *_Nonnull context) {
  return functions->SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION, 0) == 1 &&
         functions->SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_3_VERSION, 0) == 1;
}
static inline long openssl_without_cache(struct openssl *_Nonnull functions, SSL_CTX *_Nonnull context) {
  return functions->SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, 0);
}
static inline long openssl_groups(
    struct openssl *_Nonnull functions, SSL_CTX *_Nonnull context, const char *_Nonnull groups) {
  return functions->SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, (void *)groups);
}
