"""Hyperparameters that make each of spandrel's architectures tiny."""

SWIN = dict(embed_dim=8, depths=(1,), num_heads=(2,), window_size=8)
SIZES = {
    "ATD": dict(SWIN, depths=(2,), num_tokens=8, reducted_dim=4),
    "CRAFT": dict(embed_dim=12, depths=(2,), num_heads=(2,)),
    "Compact": dict(num_feat=8, num_conv=1),
    "DAT": dict(embed_dim=32, depth=[2], num_heads=[2]),
    "DCTLSA": dict(nf=55),
    "DITN": dict(dim=12, ITL_blocks=1, SAL_blocks=1),
    "DRCT": dict(SWIN, gc=4),
    "ESRGAN": dict(num_filters=8, num_blocks=1),
    "FDAT": dict(embed_dim=16, num_groups=1, depth_per_group=1, num_heads=2),
    "GRL": dict(embed_dim=12, depths=[2], num_heads_window=[2], num_heads_stripe=[2]),
    "HAT": dict(SWIN, embed_dim=12, compress_ratio=3, squeeze_factor=3),
    "MoESR": dict(dim=16, n_blocks=1, n_block=1),
    "MoSR": dict(n_block=1, dim=16),
    "OmniSR": dict(num_feat=16),
    "PLKSR": dict(dim=16, n_blocks=1),
    "RCAN": dict(n_resgroups=1, n_resblocks=1, n_feats=8, reduction=4),
    "RGT": dict(embed_dim=16, depth=[2], num_heads=[2]),
    "RealPLKSR": dict(dim=16, n_blocks=1),
    "SAFMN": dict(dim=8, n_blocks=1),
    "SPAN": dict(feature_channels=8),
    "SeemoRe": dict(num_experts=2, num_layers=1, embedding_dim=8),
    "SwiftSRGAN": dict(num_channels=8, num_blocks=1),
    "Swin2SR": SWIN,
    "SwinIR": SWIN,
}
