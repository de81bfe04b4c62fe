# Table 3, lambda_Trans^SR = 1e4: cyclesr_ntire17_t2 with this weight of the feedback.
_base_ = "../cyclesr_ntire17_t2.py"

model = dict(sr_loss=dict(weight=10000.0), feedback_weight=10000.0)  # Sec. 4.3: lambda_mse = lambda_Trans^SR
