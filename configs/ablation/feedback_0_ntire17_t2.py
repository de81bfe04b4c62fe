# Table 3, lambda_Trans^SR = 0: cyclesr_ntire17_t2 without feedback; both parts train in turn.
_base_ = "../cyclesr_ntire17_t2.py"

model = dict(
    sr_loss=dict(weight=1.0),  # Sec. 4.3: lambda_mse = 1 where there is no feedback
    feedback_weight=0.0,
    optimisation="alternating",  # Sec. 4.3: "optimized alternatively"; without feedback the two are not equal
)
